"""The quiz as pages of the site."""

import pytest

from website.quizzes import MARK, quiz_pages, with_quiz_links


def test_both_parts_in_three_languages_lead_to_each_other():
    pages = quiz_pages()

    assert len(pages) == 6
    assert '<a href="id/quiz-before.html" lang="id">' in pages["quiz-before.html"]
    assert '<a href="../quiz-after.html" lang="en">' in pages["hr/quiz-after.html"]
    assert '<a href="quiz.html">' in pages["id/quiz-before.html"]


@pytest.mark.parametrize(("language", "title"), [("en", "Quiz"), ("id", "Kuis"), ("hr", "Kviz")])
def test_a_document_gets_links_to_the_pages_of_its_language(language, title):
    links = with_quiz_links(f"Before\n\n{MARK}\n", language)

    assert links.count(f"* [{title}") == 2
    assert MARK not in links
