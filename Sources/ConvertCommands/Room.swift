// The first files of this room are being written.
