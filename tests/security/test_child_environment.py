"""What a child process of ours gets to see."""

from security.child_environment import child_environment


def test_a_child_sees_no_secret_of_ours_and_finds_our_modules(monkeypatch):
    for name in ("JWT_SECRET", "ENCRYPTION_KEY", "OPENAI_API_KEY", "ADMIN_PASSWORD"):
        monkeypatch.setenv(name, "a secret of at least thirty-two bytes")
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    seen = child_environment()
    assert "a secret of at least thirty-two bytes" not in seen.values()
    assert (seen["PATH"], seen["LC_ALL"]) == ("/bin", "C.UTF-8")
    assert seen["PYTHONPATH"]
