"""`headstart quiz` on a terminal, in a pipe, as JSON."""

import json
import os
import pty
import signal
import subprocess
import sys

import pytest

from headstart.cli.asking import ask_all
from headstart.cli.run import run
from headstart.errors import UsageError
from headstart.report.quiz import read_quiz
from headstart.tasks.quiz import score

RIGHT = {part: "".join(each.right for each in read_quiz(part).questions) for part in ("before", "after")}


def asked_with(typed, quiz):
    lines, shown = iter([*typed, ""]), []
    found = ask_all(quiz, lambda: next(lines), lambda *more: shown.extend(more))
    return found, "\n".join(shown)


def test_every_answer_is_explained_and_counted():
    quiz = read_quiz("before")
    found, shown = asked_with([f" {letter.upper()}\n" for letter in RIGHT["before"]], quiz)

    assert (found.right, found.of, found.again) == (10, 10, ())
    assert shown.count("Right.") == 10
    assert shown.endswith("10 of 10 right\nNothing to look at again.")


def test_what_was_wrong_is_named_with_what_explains_it():
    found, shown = asked_with(["a\n", *RIGHT["before"][1:]], read_quiz("before"))

    assert found.right == 9
    assert "Not right: the answer is b." in shown
    assert "9 of 10 right\nLook at these again:\n  Freezing: docs/tune.md#training-the-network-on" in shown


@pytest.mark.parametrize("end", ["q\n", ""])
def test_stopping_counts_what_was_answered(end):
    found, shown = asked_with(["b\n", end], read_quiz("before"))

    assert (found.right, found.of) == (1, 1)
    assert "Stopped. Nothing is kept." in shown


def test_another_key_is_asked_again():
    found, shown = asked_with(["e\n", "\n", "ab\n", "b\n", "q\n"], read_quiz("before"))

    assert found.of == 1
    assert shown.count("Type a, b, c or d") == 4


@pytest.mark.parametrize(("language", "word"), [("id", "Benar."), ("hr", "Točno.")])
def test_the_terminal_speaks_the_language(language, word):
    _, shown = asked_with([*RIGHT["after"]], read_quiz("after", language))

    assert shown.count(word) == 10
    assert "Right." not in shown


def test_a_pipe_gets_the_questions_and_the_answers_if_it_asks(capsys):
    assert run(["quiz"]) == 0
    questions = capsys.readouterr().out
    assert run(["quiz", "after", "--answers", "--language", "hr"]) == 0
    answers = capsys.readouterr().out

    assert questions.count("Question ") == 10
    assert "✓" not in questions
    assert (answers.count("✓"), answers.count("✗")) == (10, 30)


def test_json_has_the_questions_and_the_answers_if_it_asks(capsys):
    assert run(["quiz", "after", "--language", "id", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert run(["quiz", "after", "--answers", "--json"]) == 0
    solved = json.loads(capsys.readouterr().out)

    assert (plain["part"], plain["language"], len(plain["questions"])) == ("after", "id", 10)
    assert "right" not in plain["questions"][0]
    assert "".join(each["right"] for each in solved["questions"]) == RIGHT["after"]


def test_given_answers_are_counted(capsys):
    given = RIGHT["after"][:8] + "-" + RIGHT["after"][9]
    assert run(["quiz", "after", "--given", given, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["score"]

    assert (found["right"], found["of"]) == (9, 10)
    assert [each["topic"] for each in found["again"]] == ["ideal"]
    assert run(["quiz", "after", "--given", given]) == 0
    assert capsys.readouterr().out.startswith("9 of 10 right\n")


@pytest.mark.parametrize("as_object", [True, False])
def test_answers_come_from_a_file_too(as_object, tmp_path, capsys):
    topics = [each.topic for each in read_quiz("before").questions]
    held = dict(zip(topics, RIGHT["before"], strict=True)) if as_object else list(RIGHT["before"])
    (tmp_path / "answers.json").write_text(json.dumps(held))

    assert run(["quiz", "--answers-file", str(tmp_path / "answers.json"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["score"]["right"] == 10


def test_given_letters_follow_the_order_that_the_seed_makes():
    mixed = read_quiz("before", seed=9)

    assert score(mixed, [each.right for each in mixed.questions]).right == 10
    assert score(mixed, RIGHT["before"]).right < 10


@pytest.mark.parametrize(
    "given", ["abc", "abcdabcdax", {"freezing": "e"}, {"cats": "a"}, [["a"]] * 10, {"freezing": None}]
)
def test_answers_that_cannot_be_are_refused(given):
    with pytest.raises(UsageError, match="expected"):
        score(read_quiz("before"), given)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"7", b"[" * 50_000, b" " * 200_000])
def test_a_file_that_holds_no_answers_is_one_line(text, tmp_path, capsys):
    (tmp_path / "answers.json").write_bytes(text)

    assert run(["quiz", "--answers-file", str(tmp_path / "answers.json")]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "answers-file" in line


@pytest.mark.parametrize(
    "words",
    [
        ["middle"],
        ["--language", "de"],
        ["--answers-file", "not-there.json"],
        ["--answers-file", ""],
        ["--given", "a" * 10, "--answers-file", "x"],
        ["-o", "quiz.txt"],
        ["-o", "no/such/quiz.html"],
    ],
)
def test_wrong_use_is_one_line(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert run(["quiz", *words]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_page_is_written_and_replaced(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    for _ in range(2):
        assert run(["quiz", "before", "--language", "hr", "-o", "quiz.html"]) == 0
        assert capsys.readouterr().out == "written: quiz.html\n"
    assert '<html lang="hr">' in (tmp_path / "quiz.html").read_text(encoding="utf-8")
    assert run(["quiz", "-o", "quiz.html", "--given", RIGHT["before"]]) == 0
    assert capsys.readouterr().out.startswith("written: quiz.html\n10 of 10 right\n")
    (tmp_path / "other.html").write_text("mine")
    assert run(["quiz", "-o", "other.html"]) == 2


class Terminal:
    """`headstart quiz` on a pseudo-terminal."""

    def __init__(self):
        self.end, other = pty.openpty()
        command = [sys.executable, "-m", "headstart", "quiz"]
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "60"}
        self.process = subprocess.Popen(
            command, stdin=other, stdout=other, stderr=other, env=environment, start_new_session=True
        )
        os.close(other)
        self.shown = ""

    def until(self, text):
        while text not in self.shown:
            self.shown += os.read(self.end, 65536).decode("utf-8", "replace")

    def type(self, text):
        self.shown = ""
        os.write(self.end, text.encode())

    def close(self):
        code = self.process.wait(timeout=20)
        os.close(self.end)
        return code


@pytest.mark.slow
def test_a_terminal_is_asked_one_question_at_a_time():
    terminal = Terminal()
    terminal.until("Your answer: ")
    assert "Question 2" not in terminal.shown
    terminal.type("b\n")
    terminal.until("Your answer: ")
    assert "Right." in terminal.shown
    assert "Question 2" in terminal.shown
    terminal.type("q\n")
    terminal.until("1 of 1 right")
    assert terminal.close() == 0


@pytest.mark.slow
def test_ctrl_c_leaves_with_130_and_no_traceback():
    terminal = Terminal()
    terminal.until("Your answer: ")
    terminal.shown = ""
    os.killpg(terminal.process.pid, signal.SIGINT)
    terminal.until("Stopped. Nothing is kept.")
    assert "Traceback" not in terminal.shown
    assert terminal.close() == 130


@pytest.mark.slow
def test_a_closed_input_gets_the_questions():
    command = f"{sys.executable} -m headstart quiz <&-"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "Question 10 of 10" in done.stdout
