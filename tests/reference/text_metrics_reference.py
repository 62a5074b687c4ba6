#!/usr/bin/env python3
"""Writes text_metrics.json: text metrics by their reference implementations.

    pip install --no-deps pycocoevalcap==1.2 && pip install numpy
    git clone https://github.com/GT-Vision-Lab/VQA
    text_metrics_reference.py VQA/PythonEvaluationTools/vqaEvaluation/vqaEval.py \
        >text_metrics.json

The captions go through the scorers of pycocoevalcap as the lists of words that
gato(1) defines, joined by spaces. vqaEval.py is for Python 2: its print
statements are converted, and \\d is made to match digits of ASCII only, as it
does there.
"""

import json
import random
import re
import sys
from lib2to3.refactor import RefactoringTool, get_fixers_from_package

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge

# A caption and the correct ones.
CAPTIONS = [
    ("a red circle left of a blue square", ["a red circle left of a blue square"]),
    ("a red circle", ["a red circle left of a blue square", "red circle, blue square"]),
    ("A man riding a wave on top of a surfboard.",
     ["A man on a surfboard riding a wave.", "a surfer rides a big wave",
      "The man is surfing on a wave in the ocean.", "Man riding wave.", "A person surfs"]),
    ("", ["nothing to see"]),
    ("", [""]),
    ("something", [""]),
    ("...", ["?!"]),
    ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ("cat", ["cat", "a cat", "the cat"]),
    ("cat the on", ["the cat on"]),
    ("A dog's bone isn't a cat's", ["a dogs bone isnt a cats", "A dog's bone isn't a cat's."]),
    ("state-of-the-art well-known e-mail", ["state of the art well known email"]),
    ("\"Stop!\" said the sign; (really) [it] {did}", ["stop said the sign really it did"]),
    ("U.S. trains cost $3.50, or 2,000 yen", ["U S trains cost $3 50 or 2 000 yen"]),
    ("10 people, 10 dogs and 10 cats", ["ten people ten dogs and ten cats"]),
    ("TWO CATS", ["two cats"]),
    ("ÉCOLE FERMÉE À L'ÉTÉ", ["école fermée à l'été", "ecole fermee"]),
    ("STRASSE straße STRAẞE", ["strasse straße straße"]),
    ("İstanbul ISTANBUL ıstanbul", ["i̇stanbul istanbul ıstanbul"]),
    ("ΟΔΟΣ ΣΟΦΟΣ Σ", ["οδος σοφος σ"]),
    ("ДВА КОТА", ["два кота", "один кот"]),
    ("一只猫在桌子上", ["一只猫在桌子上", "一只 猫 在 桌子 上"]),
    ("猫。犬、鳥", ["猫。犬、鳥"]),
    ("고양이 두 마리", ["고양이 한 마리"]),
    ("😀 😀 😀", ["😀 😀", "😃"]),
    ("👩‍👩‍👧 family", ["👩‍👩‍👧 family photo"]),
    ("a  b\tc\nd", ["a b c d"]),
    ("a\u00a0b\u3000c\u2003d", ["a b c d"]),
    ("a\u200bb", ["ab", "a b"]),
    ("a_b a/b a\\b a@b", ["a_b a/b a\\b a@b"]),
    ("“curly” ‘quotes’ – dash", ["\"curly\" 'quotes' - dash"]),
    ("a b c d e f g h i j k l m n o p", ["a b c d e f g h i j k l m n o p q r s t u v"]),
    ("a b c d e f g h i j k l m n o p q r s t u v", ["a b c d"]),
    ("a b a b a b", ["a b a b", "b a b a b a"]),
    ("one two three four", ["one two three", "one two three four five"]),
    ("x y", ["x y z", "x"]),
    ("(((", ["[[["]),
    ("` ' \" - : ; , . ? !", ["words here"]),
    ("a woman holding an umbrella in the rain",
     ["a woman with an umbrella in the rain", "an umbrella held by a woman"]),
    ("a man a plan a canal", ["a man, a plan, a canal: Panama"]),
]
WORDS = "a the red blue circle square left of above cat dog on two is".split()

# An answer and what people answered.
ANSWERS = [
    ("yes", ["yes"] * 10),
    ("Yes", ["yes"] * 10),
    (" yes\n", ["yes"] * 10),
    ("yes", ["yes"] * 9 + ["no"]),
    ("Yes.", ["yes"] * 9 + ["no"]),
    ("no", ["yes"] * 9 + ["no"]),
    ("no", ["yes"] * 8 + ["no"] * 2),
    ("no", ["yes"] * 7 + ["no"] * 3),
    ("no", ["yes"] * 6 + ["no"] * 4),
    ("2", ["two"] * 5 + ["2"] * 3 + ["Two."] * 2),
    ("two", ["2"] * 10),
    ("none", ["0"] * 4 + ["zero"] * 4 + ["None"] * 2),
    ("a cat", ["cat"] * 5 + ["the cat"] * 3 + ["cats"] * 2),
    ("an", ["the"] * 5 + ["a"] * 5),
    ("", ["", "a"] + [""] * 8),
    ("", ["x"] * 10),
    ("dont know", ["don't know"] * 6 + ["dont know"] * 4),
    ("can't", ["cant"] * 3 + ["can't"] * 3 + ["cannot"] * 4),
    ("couldnt've", ["couldn't've"] * 5 + ["couldn'tve"] * 5),
    ("Im here", ["I'm here"] * 5 + ["im here"] * 5),
    ("somebody'd", ["somebodyd"] * 5 + ["somebody'd"] * 5),
    ("ow's'at", ["'ow's'at"] * 5 + ["'ow'sat"] * 5),
    ("1,000", ["1000"] * 5 + ["1,000"] * 5),
    ("1, 000", ["1000"] * 5 + ["1 000"] * 5),
    ("red,blue", ["red blue"] * 5 + ["red, blue"] * 5),
    ("red, blue", ["red blue"] * 5 + ["red and blue"] * 5),
    ("red/blue", ["red blue"] * 5 + ["red / blue"] * 5),
    ("3.5", ["3.5"] * 5 + ["3 5"] * 5),
    ("3.", ["3"] * 5 + ["3."] * 5),
    (".5", ["0.5"] * 5 + [".5"] * 5),
    ("a.m.", ["am"] * 5 + ["a.m."] * 5),
    ("." * 40 + "x", ["x"] * 5 + ["........x"] * 5),
    ("t-shirt", ["t shirt"] * 5 + ["tshirt"] * 3 + ["t-shirt"] * 2),
    ("t -shirt", ["t shirt"] * 5 + ["tshirt"] * 5),
    ("why?", ["why"] * 5 + ["why?"] * 5),
    ("what!?", ["what"] * 5 + ["what !"] * 5),
    ("\"stop\"", ["stop"] * 5 + ["'stop'"] * 5),
    ("{a} [b] (c)", ["b c"] * 5 + ["a b c"] * 5),
    ("a+b=c", ["b c"] * 5 + ["a b c"] * 5),
    ("<3 @home", ["3 home"] * 5 + ["3home"] * 5),
    ("under_score", ["under score"] * 5 + ["under_score"] * 5),
    ("back\\slash", ["back slash"] * 5 + ["backslash"] * 5),
    ("`tick`", ["tick"] * 5 + ["ticks"] * 5),
    ("semi;colon", ["semi colon"] * 5 + ["semicolon"] * 5),
    ("time: 5:30", ["time: 5:30"] * 5 + ["time 5 30"] * 5),
    ("ten one two three", ["10 1 2 3"] * 5 + ["10123"] * 5),
    ("ÉTÉ", ["été"] * 5 + ["Été"] * 5),
    ("İ", ["i̇"] * 5 + ["i"] * 5),
    ("ΣΟΦΟΣ", ["σοφος"] * 5 + ["σοφοσ"] * 5),
    ("٣,٤", ["٣ ٤"] * 5 + ["٣٤"] * 5),
    ("猫", ["猫"] * 5 + ["犬"] * 5),
    ("😀", ["😀"] * 3 + ["😃"] * 7),
    ("the\u00a0cat", ["cat"] * 5 + ["the cat"] * 5),
    ("\u3000cat\u3000", ["cat"] * 10),
    ("new\tyork\ncity", ["new york city"] * 10),
    ("red", ["red"]),
    ("red", ["red", "red"]),
    ("red", ["red", "blue", "red", "red", "red"]),
    ("red", [""] * 9 + ["red"]),
    ("oclock", ["o'clock"] * 5 + ["o clock"] * 5),
    ("twas", ["'twas"] * 5 + ["twas"] * 5),
]


def words(text):
    """The words of a text, as gato-eval text defines them."""
    text = text.lower()
    for mark in ".?!,:;'\"`(){}[]-":
        text = text.replace(mark, " ")
    return text.split()


def random_captions(rng, count):
    def sentence():
        return " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 9)))

    captions = []
    for _ in range(count):
        references = [sentence() for _ in range(rng.randint(1, 5))]
        caption = rng.choice(references).split()
        for _ in range(rng.randint(0, 3)):
            caption[rng.randrange(len(caption))] = rng.choice(WORDS)
        captions.append((" ".join(caption), references))
    return captions


def caption_scores(captions):
    predicted = {i: [" ".join(words(text))] for i, (text, _) in enumerate(captions)}
    given = {i: [" ".join(words(text)) for text in texts]
             for i, (_, texts) in enumerate(captions)}
    bleu, _ = Bleu(4).compute_score(given, predicted, verbose=0)
    rouge, rouges = Rouge().compute_score(given, predicted)
    cider, ciders = Cider().compute_score(given, predicted)
    return {
        "captions": [{"text": text, "references": references, "words": words(text)}
                     for text, references in captions],
        "bleu": bleu,
        "rouge_l": float(rouge),
        "rouge_l_each": [float(score) for score in rouges],
        "cider_d": float(cider),
        "cider_d_each": [float(score) for score in ciders],
        "exact": sum(predicted[i][0] in given[i] for i in given) / len(given),
    }


def load_vqa_eval(path):
    tool = RefactoringTool(get_fixers_from_package("lib2to3.fixes"))
    with open(path, encoding="utf-8") as file:
        source = str(tool.refactor_string(file.read().expandtabs(8), path))
    module = {}
    exec(compile(source, path, "exec"), module)
    return module["VQAEval"]


class Questions:
    """What VQAEval asks its two arguments for."""

    def __init__(self, questions):
        self.qa = questions

    def getQuesIds(self):
        return list(self.qa)


def answer_scores(vqa_eval, answers):
    given = {i: {"question_type": "x", "answer_type": "x",
                 "answers": [{"answer": text, "answer_id": n}
                             for n, text in enumerate(texts)]}
             for i, (_, texts) in enumerate(answers)}
    evaluation = vqa_eval(Questions(given),
                          Questions({i: {"answer": text}
                                     for i, (text, _) in enumerate(answers)}), n=12)
    for name in ["periodStrip", "commaStrip"]:
        pattern = getattr(evaluation, name).pattern
        setattr(evaluation, name, re.compile(pattern, re.ASCII))
    evaluation.updateProgress = lambda progress: None
    stdout, sys.stdout = sys.stdout, sys.stderr
    evaluation.evaluate()
    sys.stdout = stdout

    def normalize(text):
        text = text.replace("\n", " ").replace("\t", " ").strip()
        return evaluation.processDigitArticle(evaluation.processPunctuation(text))

    return [{"answer": text, "given": texts, "normalized": normalize(text),
             "accuracy": evaluation.evalQA[i] / 100}
            for i, (text, texts) in enumerate(answers)]


def main():
    rng = random.Random(7)
    everything = CAPTIONS + random_captions(rng, 40)
    groups = [everything, CAPTIONS[:10], CAPTIONS[2:3], CAPTIONS[3:4], CAPTIONS[16:26],
              random_captions(rng, 25)]
    json.dump({
        "captions": [caption_scores(group) for group in groups],
        "answers": answer_scores(load_vqa_eval(sys.argv[1]), ANSWERS),
    }, sys.stdout, indent=0, ensure_ascii=True)
    print()


if __name__ == "__main__":
    main()
