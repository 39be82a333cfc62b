"""What the file holds: blocks of chunks, and the tensors, parts and banks made of them."""
