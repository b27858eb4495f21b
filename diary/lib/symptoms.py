"""The five core symptoms: names, questions and the words at both ends (own wording; 0 none, 10 worst)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symptom:
    """One daily 0-10 numerical rating; `past` asks for an earlier day, `icon` is an id of the sprite."""

    key: str
    name: str
    question: str
    past: str
    zero: str
    ten: str
    icon: str


SYMPTOMS = (
    Symptom("pain", "Pain", "How strong was your pain today, on average?", "How strong was your pain that day, on average?", "no pain", "worst pain you can imagine", "zap"),
    Symptom("fatigue", "Fatigue", "How tired were you today?", "How tired were you that day?", "not tired", "as tired as you can imagine", "battery-low"),
    Symptom("sleep", "Poor rest", "How unrested did you wake?", "How unrested did you wake that day?", "fully rested", "not rested at all", "moon"),
    Symptom("mood", "Low mood", "How low or down did you feel today?", "How low or down did you feel that day?", "not at all", "as low as you can imagine", "cloud-sun"),
    Symptom("cognition", "Foggy thinking", "How foggy was your thinking today?", "How foggy was your thinking that day?", "clear", "as foggy as you can imagine", "brain"),
)  # fmt: skip
BY_KEY = {symptom.key: symptom for symptom in SYMPTOMS}
