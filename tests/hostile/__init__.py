"""YAML that is valid and misleads, and edits of it held against another reader."""
