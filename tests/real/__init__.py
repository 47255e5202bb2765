"""The real controller process against a real Git server, with real `kill -9`."""
