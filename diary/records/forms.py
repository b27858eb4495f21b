"""The word that somebody types before everything goes."""

from pydantic import BaseModel, ConfigDict, field_validator

from diary.records.rules import WORD, is_word


class EraseForm(BaseModel):
    model_config = ConfigDict(extra="forbid")

    word: str

    @field_validator("word")
    @classmethod
    def _is_meant(cls, text: str) -> str:
        if not is_word(text):
            raise ValueError(f"Please type the word {WORD}, so that nothing goes by a slip.")
        return WORD
