"""Every error that headstart raises on purpose.

Each one carries a single sentence for people: what was given, what was expected, what to do. The
command line prints that sentence and exits with 2; a Python user catches `HeadstartError`, or the
built-in error that each class also is.

    HeadstartError
    ├── UsageError          (ValueError)         an argument that can't be right: nothing was started
    ├── PhotosError         (ValueError)         a folder or table of photos that can't be used
    ├── FitError            (ValueError)         rows that this head can't learn from
    ├── BackboneError       (ValueError)         a network that is unknown or can't be used as asked
    ├── WeightsError                             weights that can't be used
    │   ├── WeightsMissingError (FileNotFoundError)   not at hand: the message says how to get them
    │   └── WeightsRefusedError (ValueError)          wrong digest, wrong tensors, not to be trusted
    ├── ModelError          (ValueError)         a model folder that is damaged, too new or does not fit
    ├── DownloadError       (OSError)            the network or the other side failed; run it again
    └── StorageError        (OSError)            this machine's disk or permissions stand in the way
"""


class HeadstartError(Exception):
    """The root: catch it to catch everything that headstart raises on purpose."""


class UsageError(HeadstartError, ValueError):
    """An argument that can't be right; nothing was started."""


class PhotosError(HeadstartError, ValueError):
    """A folder or table of photos that can't be used as a whole."""


class FitError(HeadstartError, ValueError):
    """Rows that a head can't learn from: too few, one class only, not finite."""


class BackboneError(HeadstartError, ValueError):
    """A network that is unknown, or that can't be used in the way asked."""


class WeightsError(HeadstartError):
    """Weights that can't be used."""


class WeightsMissingError(WeightsError, FileNotFoundError):
    """Weights that are not at hand; the message says how to get them."""


class WeightsRefusedError(WeightsError, ValueError):
    """Weights with a wrong digest or wrong tensors, or that nobody vouches for."""


class ModelError(HeadstartError, ValueError):
    """A model folder that is damaged, from a newer version, or does not fit its weights."""


class DownloadError(HeadstartError, OSError):
    """The network or the other side failed; what arrived is kept and the same command resumes."""


class StorageError(HeadstartError, OSError):
    """This machine's disk or permissions stand in the way; what was written stays valid."""
