"""What the checks in this folder share."""
import contextlib
import json
import os
import pathlib
import tempfile


class CheckFailed(Exception):
    pass


def check(condition, message):
    if not condition:
        raise CheckFailed(message)


def value_at(values, step):
    """Returns the value of one step of nested dicts and tuples of sequences."""
    if isinstance(values, dict):
        return {key: value_at(child, step) for key, child in values.items()}
    if isinstance(values, tuple):
        return tuple(value_at(child, step) for child in values)
    return values[step]


@contextlib.contextmanager
def loaded_by_minari(path):
    """Loads a dataset directory with the Minari library, by its id. The dataset can be read until
    the end of the `with` statement."""
    import minari
    dataset_id = json.loads((path / "data/metadata.json").read_text())["dataset_id"]
    with tempfile.TemporaryDirectory() as root:
        link = pathlib.Path(root) / dataset_id
        link.parent.mkdir(parents=True)
        link.symlink_to(path.resolve(), target_is_directory=True)
        os.environ["MINARI_DATASETS_PATH"] = root
        yield minari.load_dataset(dataset_id)
