#!/usr/bin/env python3
"""Writes images of colored shapes, with captions, questions and dialogues.

    shapes.py --pictures 20000 --seed 1 --questions --dialogue DIRECTORY

writes DIRECTORY/images/000000000001.png ... (32x32 RGB, one or two shapes) and

    captions.json        captions in the layout of COCO
    questions.json,      three questions per image and their answers, in the
    annotations.json     layout of VQAv2; with --questions
    questions.jsonl      the questions as gato-rollout answer reads them
    dialogues.jsonl      one dialogue per image, a page for gato-tokenize
                         interleaved; with --dialogue
    turns.jsonl          the turns of the dialogues, with the correct replies,
                         as gato-rollout chat --json reads them
    texts.txt            every text that occurs in these files, for
                         gato-tokenize vocab

A caption such as "red circle left of blue square" names the shape on the left
(or on top) first, so that each image has exactly one correct caption.
Questions also have exactly one correct answer. Requires only Python's
standard library. The same seed gives the same bytes; images and captions do
not depend on --questions and --dialogue. Images in questions.jsonl and
turns.jsonl are paths that begin with DIRECTORY.

    shapes.py --check-replies replies.jsonl DIRECTORY

compares the output of gato-rollout chat --json <turns.jsonl with the correct
replies, and prints {"n": replies, "exact": fraction of exact matches}.
"""

import argparse
import json
import pathlib
import random
import struct
import zlib

SIDE = 32
COLORS = {
    "red": (220, 40, 40),
    "green": (40, 180, 60),
    "blue": (50, 80, 230),
    "yellow": (235, 215, 50),
    "purple": (150, 60, 190),
    "white": (240, 240, 240),
}
# Whether a shape contains the point (x, y), in units of its half extent.
SHAPES = {
    "circle": lambda x, y: x * x + y * y <= 1,
    "square": lambda x, y: max(abs(x), abs(y)) <= 0.9,
    "triangle": lambda x, y: -1 <= y <= 0.9 and abs(x) <= (y + 1) / 1.9,
    "cross": lambda x, y: min(abs(x), abs(y)) <= 0.35 and max(abs(x), abs(y)) <= 1,
}
OPPOSITE = {"left of": "right of", "above": "below"}
QUESTIONS_PER_IMAGE = 3
# Ends a turn of the model in a page; gato-tokenize interleaved makes it </s>.
END_OF_TURN = "END_OF_DOCUMENT_TOKEN_TO_BE_REPLACED"


COLOR, KIND = range(2)  # what the pairs in Scene.shapes consist of


class Scene:
    """The shapes of an image: pairs (color, kind), the left or upper one first."""

    def __init__(self, shapes, relation):
        self.shapes = shapes
        self.relation = relation

    def caption(self):
        names = [f"{color} {shape}" for color, shape in self.shapes]
        return f" {self.relation} ".join(names)

    def unique_shapes(self, attribute):
        """Returns the indices of the shapes whose COLOR or KIND no other shape has."""
        values = [shape[attribute] for shape in self.shapes]
        return [i for i, value in enumerate(values) if values.count(value) == 1]

    def relation_of(self, index):
        """Returns the relation of shape `index` to the other one; None if there is none."""
        if len(self.shapes) == 1:
            return None
        return self.relation if index == 0 else OPPOSITE[self.relation]


def draw(pixels, shape, color, center, half_extent):
    """Paints one shape into rows of RGB bytes."""
    is_inside = SHAPES[shape]
    rgb = bytes(COLORS[color])
    first = [max(0, int(coordinate - half_extent)) for coordinate in center]
    end = [min(SIDE, int(coordinate + half_extent) + 1) for coordinate in center]
    for row in range(first[1], end[1]):
        y = (row + 0.5 - center[1]) / half_extent
        for column in range(first[0], end[0]):
            if is_inside((column + 0.5 - center[0]) / half_extent, y):
                pixels[row][3 * column : 3 * column + 3] = rgb


def random_image(rng):
    """Returns an image (rows of RGB bytes) and its scene."""
    relation = rng.choice(list(OPPOSITE))
    background = rng.randrange(0, 50)
    pixels = [bytearray([background] * (3 * SIDE)) for _ in range(SIDE)]
    # Each shape is in a quarter of the image. Two of them are in the same row or
    # the same column.
    across_quarter = rng.randrange(2)
    quarters = [rng.randrange(2)] if rng.random() < 0.2 else [0, 1]
    shapes = []
    for along_quarter in quarters:
        shape = rng.choice(list(SHAPES))
        color = rng.choice(list(COLORS))
        half_extent = rng.uniform(4.5, 6.5)
        along, across = (SIDE / 4 + quarter * SIDE / 2 + rng.uniform(-1.2, 1.2)
                         for quarter in (along_quarter, across_quarter))
        center = (along, across) if relation == "left of" else (across, along)
        draw(pixels, shape, color, center, half_extent)
        shapes.append((color, shape))
    return pixels, Scene(shapes, relation)


def png(rows):
    """Encodes rows as an 8-bit RGB PNG file (ISO/IEC 15948)."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    data = b"".join(b"\0" + bytes(row) for row in rows)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data, 1))
        + chunk(b"IEND", b"")
    )


# Each function below returns a question about a scene and its answer, or None if
# the scene does not allow the question.


def ask_attribute(scene, rng, known, question):
    """Asks for the other attribute of a shape that its `known` attribute identifies."""
    indices = scene.unique_shapes(known)
    if not indices:
        return None
    shape = scene.shapes[rng.choice(indices)]
    return question.format(shape[known]), shape[1 - known]


def ask_color(scene, rng):
    return ask_attribute(scene, rng, KIND, "what color is the {}?")


def ask_shape(scene, rng):
    return ask_attribute(scene, rng, COLOR, "what shape is {}?")


def ask_number(scene, rng):
    if rng.random() < 0.3:
        return "how many shapes are there?", str(len(scene.shapes))
    kinds = [shape for _, shape in scene.shapes]
    kind = rng.choice(kinds if rng.random() < 0.6 else list(SHAPES))
    plural = "crosses" if kind == "cross" else kind + "s"
    return f"how many {plural} are there?", str(kinds.count(kind))


def ask_existence(scene, rng):
    if rng.random() < 0.5:
        color, shape = rng.choice(scene.shapes)
    else:
        color, shape = rng.choice(list(COLORS)), rng.choice(list(SHAPES))
    answer = "yes" if (color, shape) in scene.shapes else "no"
    return f"is there a {color} {shape}?", answer


def ask_relation(scene, rng):
    indices = scene.unique_shapes(KIND)
    if not indices:
        return None
    anchor = rng.choice(indices)
    anchor_shape = scene.shapes[anchor][1]
    other = 1 - anchor
    true_relation = scene.relation_of(other)
    if true_relation is not None and rng.random() < 0.5:
        shape, relation = scene.shapes[other][1], true_relation
    else:
        shape = rng.choice([kind for kind in SHAPES if kind != anchor_shape])
        relation = rng.choice([*OPPOSITE, *OPPOSITE.values()])
    is_true = relation == true_relation and shape == scene.shapes[other][1]
    return f"is there a {shape} {relation} the {anchor_shape}?", "yes" if is_true else "no"


QUESTION_KINDS = [ask_color, ask_shape, ask_number, ask_existence, ask_relation]


def random_question(scene, rng):
    """Returns a question, its answer and its kind."""
    while True:
        ask = rng.choice(QUESTION_KINDS)
        question = ask(scene, rng)
        if question is not None:
            return *question, ask.__name__.removeprefix("ask_")


def random_dialogue(scene, rng):
    """Returns the turns of a dialogue: pairs of what is said and the reply."""
    turns = []
    if rng.random() < 0.3:
        turns.append((rng.choice(["hello", "hi"]), "hello, ask me about the picture"))
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.2:
            turns.append(("what do you see?", scene.caption()))
            continue
        question, answer, kind = random_question(scene, rng)
        turns.append((question, answer))
        # "and the square?" asks for the color of the other shape.
        if kind == "color" and len(scene.unique_shapes(KIND)) == 2 and rng.random() < 0.5:
            color, shape = next(pair for pair in scene.shapes
                                if pair[1] not in question)
            turns.append((f"and the {shape}?", color))
    if rng.random() < 0.2:
        turns.append(("thank you", "you are welcome"))
    return turns


def dialogue_page(image_name, turns):
    """Returns the page of a dialogue, in the format that gato-rollout chat reads."""
    text = "".join(f"User: {said}\nGato: {reply}{END_OF_TURN}" for said, reply in turns)
    return {"items": [{"image": f"images/{image_name}"}, {"text": text}]}


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)
        file.write("\n")


def write_captions(directory, names, scenes, seed):
    write_json(directory / "captions.json", {
        "info": {"description": f"colored shapes, seed {seed}"},
        "licenses": [],
        "images": [{"id": number, "file_name": name, "width": SIDE, "height": SIDE}
                   for number, name in enumerate(names, 1)],
        "annotations": [{"id": number, "image_id": number, "caption": scene.caption()}
                        for number, scene in enumerate(scenes, 1)],
    })


def write_lines(path, values):
    """Writes JSON lines."""
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(value) + "\n" for value in values)


def write_questions(directory, names, scenes, seed):
    """Writes the files. Returns the texts of the documents."""
    rng = random.Random(f"{seed} questions")
    questions, annotations = [], []
    for image, scene in enumerate(scenes, 1):
        asked = {}
        while len(asked) < QUESTIONS_PER_IMAGE:
            question, answer, kind = random_question(scene, rng)
            asked[question] = answer, kind
        for question, (answer, kind) in asked.items():
            ids = {"question_id": len(questions) + 1, "image_id": image}
            questions.append({**ids, "question": question})
            answer_type = {"number": "number", "existence": "yes/no", "relation": "yes/no"}
            annotations.append({
                **ids,
                "question_type": kind,
                "answer_type": answer_type.get(kind, "other"),
                "multiple_choice_answer": answer,
                "answers": [{"answer": answer, "answer_id": i} for i in range(1, 11)],
            })
    info = {"description": f"questions about colored shapes, seed {seed}"}
    write_json(directory / "questions.json",
               {"info": info, "data_subtype": "shapes", "questions": questions})
    write_json(directory / "annotations.json",
               {"info": info, "data_subtype": "shapes", "annotations": annotations})
    write_lines(directory / "questions.jsonl", [
        {"image": str(directory / "images" / names[question["image_id"] - 1]),
         "question": question["question"]} for question in questions])
    return {f"Q: {question['question']} A: {annotation['multiple_choice_answer']}"
            for question, annotation in zip(questions, annotations)}


def write_dialogues(directory, names, scenes, seed):
    """Writes the files. Returns the texts of the turns."""
    rng = random.Random(f"{seed} dialogues")
    pages, turns, texts = [], [], set()
    for name, scene in zip(names, scenes):
        dialogue = random_dialogue(scene, rng)
        pages.append(dialogue_page(name, dialogue))
        start = {"image": str(directory / "images" / name), "new": True}
        for said, reply in dialogue:
            turns.append({"role": "user", "text": said, **start})
            turns.append({"role": "model", "text": reply})
            texts.add(f"User: {said} Gato: {reply}")
            start = {}
    write_lines(directory / "dialogues.jsonl", pages)
    write_lines(directory / "turns.jsonl", turns)
    return texts


def read_replies(path):
    with open(path, encoding="utf-8") as file:
        turns = [json.loads(line) for line in file]
    return [turn["text"] for turn in turns if turn["role"] == "model"]


def check_replies(path, directory):
    replies = read_replies(path)
    correct = read_replies(directory / "turns.jsonl")
    if len(replies) != len(correct):
        raise SystemExit(f"{path}: has {len(replies)} replies to {len(correct)} turns")
    exact = sum(reply == right for reply, right in zip(replies, correct))
    print(json.dumps({"n": len(correct), "exact": exact / len(correct)}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--pictures", metavar="N", type=int, default=1000,
                        help="number of images (default: 1000)")
    parser.add_argument("--seed", metavar="N", type=int, default=0,
                        help="random seed (default: 0)")
    parser.add_argument("--questions", action="store_true",
                        help="also write questions.json, annotations.json and "
                             "questions.jsonl")
    parser.add_argument("--dialogue", action="store_true",
                        help="also write dialogues.jsonl and turns.jsonl")
    parser.add_argument("--check-replies", metavar="FILE", type=pathlib.Path,
                        help="only compare replies with those in turns.jsonl")
    parser.add_argument("directory", type=pathlib.Path,
                        help="for the files and for images/")
    arguments = parser.parse_args()
    if arguments.check_replies is not None:
        check_replies(arguments.check_replies, arguments.directory)
        return

    rng = random.Random(arguments.seed)
    images_directory = arguments.directory / "images"
    images_directory.mkdir(parents=True, exist_ok=True)
    names, scenes = [], []
    for number in range(1, arguments.pictures + 1):
        rows, scene = random_image(rng)
        names.append(f"{number:012d}.png")
        (images_directory / names[-1]).write_bytes(png(rows))
        scenes.append(scene)
    write_captions(arguments.directory, names, scenes, arguments.seed)
    texts = {scene.caption() for scene in scenes}
    if arguments.questions:
        texts |= write_questions(arguments.directory, names, scenes,
                                 arguments.seed)
    if arguments.dialogue:
        texts |= write_dialogues(arguments.directory, names, scenes, arguments.seed)
    with open(arguments.directory / "texts.txt", "w", encoding="utf-8") as file:
        file.writelines(text + "\n" for text in sorted(texts))


if __name__ == "__main__":
    main()
