"""docs/roles.md says what the table of roles says."""

import pytest

from tools import roles_page


def test_the_page_is_up_to_date() -> None:
    assert roles_page.PAGE.read_text() == roles_page.text(), "run `python -m tools.roles_page`"


def test_a_page_that_is_not_up_to_date_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert roles_page.main(["--check"]) == 0
    monkeypatch.setattr(roles_page, "ROLES", roles_page.ROLES[:-1])
    assert roles_page.main(["--check"]) == 1
    assert "python -m tools.roles_page" in capsys.readouterr().err
