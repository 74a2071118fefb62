"""Reads the files of a stream as source-s3 reads them: which objects, which records, what is wrong with them."""
