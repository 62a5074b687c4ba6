"""What scripts/generalist computes from the files of its stages.

  generalist_tools.py plan [--episodes N] TASK...
    Reads held-out/TASK and times.txt. Prints, for each task: its name, the number of
    demonstrations, the limit of their steps (0: none), the steps of an episode, the
    seconds that one took, and 1 or 0: whether episodes report success, and whether
    observations contain text.
  generalist_tools.py keep KEEP_RETURN TASK
    Prints the options of gato-tokenize that select the demonstrations of a task.
  generalist_tools.py weights [--weight PATTERN=W]... TASK...
    Prints a token file with its weight per line.
  generalist_tools.py tokens
    Prints the mean number of tokens per time step over the tasks in plan.txt, each
    weighted by the steps of its episodes.
  generalist_tools.py dialogues TURNS REPLIES
    Prints the first dialogues as text.
  generalist_tools.py summary EVALUATION
    Joins the files in the directory EVALUATION to EVALUATION/scores.json, and prints
    the tasks and how they compare with the targets.
"""
import argparse
import fnmatch
import json
import pathlib
import statistics
import subprocess
import sys

# Steps of the demonstrations of a task, and the limits of their number. Built-in tasks
# are fast; the experts of dmc plan at every step.
BUILT_IN_STEPS, PLANNED_STEPS, SIMULATOR_STEPS = 20000, 5000, 12000
MIN_EPISODES, MAX_EPISODES = 20, 2000
# Weights of what is no task, as a share of the weights of all tasks.
OTHER_WEIGHTS = {"captions": 0.03, "questions": 0.05, "dialogues": 0.03, "text": 0.01}


def read_json(path):
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def info(path):
    result = subprocess.run(["gato-info", "--json", str(path)], encoding="utf-8",
                            stdout=subprocess.PIPE, check=False)
    if result.returncode != 0:
        sys.exit(result.returncode)  # its message is on standard error
    return json.loads(result.stdout)


def read_plan():
    """Returns the columns of plan.txt by task."""
    lines = pathlib.Path("plan.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: [float(word) for word in line.split()[1:]] for line in lines}


def print_plan(arguments):
    seconds = {}
    times = pathlib.Path("times.txt")
    if times.exists():
        for line in times.read_text(encoding="utf-8").splitlines():
            output, time = line.split()
            seconds[output] = float(time)
    built_in = pathlib.Path("built-in.txt").read_text(encoding="utf-8").split()
    for task in arguments.tasks:
        pilot = info(f"held-out/{task}")
        steps = max(1, round(pilot["steps"] / pilot["episodes"]))
        # Steps long after the goal has been reached teach nothing.
        end = 2 * pilot.get("steps_to_success", {"max": steps})["max"] + 10
        limit = end if end < steps else 0
        used = limit or steps
        total = (BUILT_IN_STEPS if task in built_in else
                 PLANNED_STEPS if task.startswith("dmc/") else SIMULATOR_STEPS)
        episodes = arguments.episodes or min(
            MAX_EPISODES, max(MIN_EPISODES, total // used))
        each = seconds.get(f"held-out/{task}", 0) / pilot["episodes"] * used / steps
        print(task, episodes, limit, used, f"{each:.3f}", int("successes" in pilot),
              int(any(field["role"] == "text" for field in pilot["observation"])))


def print_selection(arguments):
    if read_plan()[arguments.task][4]:
        print("--successful")
    else:
        # Returns can be negative.
        random_return = info(f"references/random/{arguments.task}")["mean_return"]
        print(f"--keep-return {arguments.keep_return} --random-return {random_return}")


def print_weights(arguments):
    def weight(name, default):
        for word in reversed(arguments.weights):
            pattern, _, value = word.rpartition("=")
            if fnmatch.fnmatchcase(name, pattern):
                return float(value)
        return default

    weights = {task: weight(task, 1) for task in arguments.tasks}
    total = sum(weights.values())
    weights |= {name: weight(name, round(share * total, 3))
                for name, share in OTHER_WEIGHTS.items()}
    for name, value in weights.items():
        if value > 0:
            print(f"tokens/{name}.h5:{value:g}")


def print_tokens(_):
    plan = read_plan()
    steps = {task: columns[2] for task, columns in plan.items()}
    sizes = {task: info(f"tokens/{task}.h5")["sizes"][0]["tokens_per_step"]["mean"]
             for task in plan}
    print(round(sum(sizes[task] * steps[task] for task in plan) / sum(steps.values()), 1))


def print_dialogues(arguments):
    def turns(path):
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    replies = [turn["text"] for turn in turns(arguments.replies) if turn["role"] == "model"]
    said = turns(arguments.turns)
    correct = [turn["text"] for turn in said if turn["role"] == "model"]
    questions = [turn for turn in said if turn["role"] == "user"]
    for turn, reply, right in list(zip(questions, replies, correct))[:12]:
        if "image" in turn:
            print(f"/image {turn['image']}")
        print(f"User: {turn['text']}\nGato: {reply}" + ("" if reply == right else f"   ({right})"))


class Summary:
    """The scores of an evaluation, and how they compare with the targets."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.targets = []
        self.tasks = self.read_tasks()

    def read_tasks(self):
        """Returns one row per task, by success if its episodes report it."""
        rows = []
        for metric in ("success", "return"):
            path = self.directory / f"network-{metric}.json"
            if not path.exists():
                continue
            nearest = {task["task"]: task for task in
                       read_json(self.directory / f"nearest-{metric}.json")["tasks"]}
            for task in read_json(path)["tasks"]:
                row = {name: task[name] for name in
                       ("task", "domain", "episodes", "failed", "mean", "random", "expert",
                        "score", "score_low", "score_high", "note")}
                row |= {"metric": metric, "nearest": nearest[task["task"]]["score"]}
                rows.append(row)
        return sorted(rows, key=lambda row: row["task"])

    def optional(self, name):
        path = self.directory / name
        return read_json(path) if path.exists() else None

    def expect(self, what, value, minimum, text=None, strict=False):
        reached = value > minimum if strict else value >= minimum
        self.targets.append({"target": what, "value": value, "minimum": minimum,
                             "reached": reached})
        sign = ">" if strict else ">="
        print(f"{'reached' if reached else 'MISSED ':8} {what}: {text or f'{value:.3f}'}"
              f" ({sign} {minimum:.3g})")

    def expect_scores(self):
        scores = [row["score"] for row in self.tasks if row["score"] is not None]
        if not scores:
            return
        for percent, share in ((50, 0.75), (80, 0.5)):
            count = sum(score >= percent for score in scores)
            self.expect(f"tasks at or above {percent}% of the expert", count / len(scores), share,
                        f"{count} of {len(scores)}, {count / len(scores):.3f}")
        for domain, minimum in (("babyai", 0.85), ("metaworld", 0.8)):
            rows = [row for row in self.tasks if row["domain"] == domain
                    and row["mean"] is not None]
            if rows:
                self.expect(f"{domain}: mean success of {len(rows)} tasks",
                            statistics.mean(row["mean"] for row in rows), minimum, strict=True)
            if rows and domain == "metaworld":
                count = sum(row["mean"] >= 0.5 * row["expert"] for row in rows)
                self.expect(f"{domain}: tasks at or above half of the expert's success",
                            count / len(rows), 0.9, f"{count} of {len(rows)}")

    def domains(self):
        """Returns the mean scores of each domain."""
        rows = {}
        for task in self.tasks:
            if task["score"] is not None and task["nearest"] is not None:
                rows.setdefault(task["domain"], []).append(task)
        return [{"domain": domain, "tasks": len(tasks),
                 "mean": statistics.mean(task["score"] for task in tasks),
                 "nearest": statistics.mean(task["nearest"] for task in tasks)}
                for domain, tasks in sorted(rows.items())]

    def expect_words(self):
        for name, minimum in (("captions", 0.97), ("answers", 0.9)):
            if (values := self.optional(f"{name}.json")) is not None:
                self.expect(f"{name} of unseen images that are right", values["exact"], minimum)

    def expect_looks(self):
        losses = self.optional("loss.json"), self.optional("loss-swapped.json")
        if None not in losses:
            self.expect("loss with observations swapped, less the loss",
                        losses[1]["loss"] - losses[0]["loss"], 0,
                        f"{losses[0]['loss']:.3f} becomes {losses[1]['loss']:.3f}", strict=True)

    def write(self):
        scores = sorted(row["score"] for row in self.tasks if row["score"] is not None)
        print(f"{'task':34} {'by':8} {'random':>8} {'expert':>8} {'network':>8} {'score':>6}"
              f" {'low':>6} {'high':>6} {'nearest':>8}")
        for row in self.tasks:
            def text(name, width, digits, row=row):
                return f"{row[name]:{width}.{digits}f}" if row[name] is not None else "-".rjust(
                    width)
            print(f"{row['task']:34} {row['metric']:8} {text('random', 8, 2)}"
                  f" {text('expert', 8, 2)} {text('mean', 8, 2)} {text('score', 6, 1)}"
                  f" {text('score_low', 6, 1)} {text('score_high', 6, 1)}"
                  f" {text('nearest', 8, 1)}")
        print()
        overall = None
        if scores:
            quarter = len(scores) // 4
            middle = scores[quarter:len(scores) - quarter]
            overall = {"tasks": len(scores), "mean": statistics.mean(scores),
                       "median": statistics.median(scores),
                       "iqm_of_tasks": statistics.mean(middle)}
            print("mean {mean:.1f}, median {median:.1f}, interquartile mean {iqm_of_tasks:.1f} of"
                  " {tasks} tasks".format(**overall))
        if len(scores) < len(self.tasks):
            print(f"no score: {len(self.tasks) - len(scores)} tasks:",
                  "; ".join(sorted({row["note"] for row in self.tasks if row["score"] is None})))
        domains = self.domains()
        for row in domains:
            print(f"{row['domain']:12} {row['tasks']:3} tasks: network {row['mean']:6.1f},"
                  f" nearest {row['nearest']:6.1f}")
        print()
        self.expect_scores()
        for row in domains:
            self.expect(f"{row['domain']}: mean score above retrieval", row["mean"],
                        row["nearest"], strict=True)
        self.expect_words()
        self.expect_looks()
        result = {"tasks": self.tasks, "domains": domains, "overall": overall,
                  "targets": self.targets}
        result |= {name: self.optional(f"{name}.json") for name in
                   ("captions", "answers", "replies", "perplexity", "loss", "loss-swapped")}
        temporary = self.directory / ".scores.json.tmp"
        temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        temporary.replace(self.directory / "scores.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    def command(name, function):
        child = commands.add_parser(name)
        child.set_defaults(function=function)
        return child

    plan = command("plan", print_plan)
    plan.add_argument("--episodes", type=int, default=0)
    plan.add_argument("tasks", nargs="+")
    keep = command("keep", print_selection)
    keep.add_argument("keep_return")
    keep.add_argument("task")
    weights = command("weights", print_weights)
    weights.add_argument("--weight", dest="weights", action="append", default=[])
    weights.add_argument("tasks", nargs="+")
    command("tokens", print_tokens)
    dialogues = command("dialogues", print_dialogues)
    dialogues.add_argument("turns")
    dialogues.add_argument("replies")
    summary = command("summary", lambda arguments: Summary(arguments.evaluation).write())
    summary.add_argument("evaluation")
    arguments = parser.parse_args()
    arguments.function(arguments)


main()
