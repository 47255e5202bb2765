"""The verifier that travels inside an evidence package; nothing here imports the rest."""
