"""`make backup` and `make restore`: everything that is not made again from the checkout, in a folder.

`content` writes and reads such a folder, `seal` encrypts it, `quiet` waits until no job runs. `processes` is for the
platform of `make dev`, `containers` for the one of `make up`.
"""
