"""What is right: definitions evaluated in ball arithmetic, and fast references made from them with proven bounds."""
