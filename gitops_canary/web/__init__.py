"""What the controller serves: whether it is well, and an ear for a forge's webhook."""
