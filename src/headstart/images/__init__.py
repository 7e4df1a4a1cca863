"""FILES -> PIXELS: find photos, read them, and decode them with a reason for each one not used.

    photo      what a file is before, and after, it was read: Photo, Hashed, Skipped, Reason
    folder     folders, tables and lists of files => photos in a fixed order
    conflicts  photos that are the same file twice, or stand in two classes
    splits     which photos are held out, which fold each one is in
    reader     photos => pixels, in worker processes that a bad file may crash
    decode     one file's bytes => pixels, in this process
    resize     how a picture comes to a network's input size
    frame      what a network sees, changed => a picture that decodes to exactly that

Nothing is imported here, so that a worker process loads only what decoding needs.
"""
