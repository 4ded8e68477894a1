"""Azure Storage stops here: typed rows and queue messages out, errors the product decides on."""
