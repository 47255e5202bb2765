"""Manifests as texts: read with positions, changed byte-exactly. The only user of ruamel.yaml."""
