"""What `init` writes into a repository that knows no canaries yet: pure, texts in, texts out."""
