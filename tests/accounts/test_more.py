"""More: what is signed in, and signing out everywhere else."""


def test_sessions_are_listed_and_ended(client_as):
    here, elsewhere = client_as("alice"), client_as("alice")
    assert here.get("/signing-in").text.count("Test browser") >= 2
    assert here.post("/sessions/end-all").status == 303
    assert here.get("/more").status == 200
    assert elsewhere.get("/more").status == 303


def test_somebody_elses_sessions_stay(client_as):
    hers, his = client_as("alice"), client_as("charlie")
    hers.post("/sessions/end-all")
    assert his.get("/more").status == 200


def test_nobody_signed_out_gets_there(client_as):
    assert client_as().get("/more").status == 303
    assert client_as().post("/sessions/end-all").status == 303
