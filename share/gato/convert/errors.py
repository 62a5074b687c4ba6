"""Exceptions that end a converter, each with its exit status, and imports that can fail."""
import sys


class ConversionError(Exception):
    """Ends the program with `status` and a message of one line."""
    status = 1


class UsageError(ConversionError):
    status = 2


class BadInputError(ConversionError):
    status = 3


class IoError(ConversionError):
    status = 4


def require_module(module, package):
    """Returns the imported `module`. Raises UsageError, naming the package, if it is missing."""
    try:
        return __import__(module, fromlist=["*"])
    except ImportError as error:
        raise UsageError(f"{package} is needed here ({error}): "
                         f"{sys.executable} -m pip install {package}") from error
