"""How a model keeps placeholders and tags best: as they are, or with a short name in their place.

    python benchmarks/placeholders.py --model runs/smollm2-captions/models/mt --from en --to de

24 English sentences with placeholders, tags, URLs and code are translated greedily in each form. A sentence
counts as kept if each of its parts, or each of the names for them, is in the translation exactly as often.
"""

import argparse
from collections.abc import Callable

from ontarget.placeholders import placeholders
from ontarget.translation.translator import Translator

SENTENCES = """\
A man named {name} is riding a bike in the park.
{count} people are waiting for the bus.
The girl in the {color} dress is playing with a ball.
Two dogs run after {object} on the beach.
Please write to anna@example.org if you have a question.
You can read more at https://example.org/help today.
Click on <b>the red button</b> to open the door.
A <i>very small</i> boy eats an apple.
The file %s could not be opened.
%d of %d photos were saved.
Hello %(user)s, your friends are waiting outside.
Run `git status` before you go home.
A woman sells {{product}} at the market.
The price of $ITEM is too high for the old man.
Welcome to {city}, the home of {team}!
My name is {name} and I live in {place}.
The <a>black cat</a> sleeps on <b>the white chair</b>.
Your message to {recipient} was sent at {time}.
The children play with `ball` and `dog` in the garden.
There are %1$s apples and %2$s bananas on the table.
{user} likes your photo of the mountain.
Please open the page www.example.org in a new window.
The man with the <em>yellow hat</em> is looking at the camera.
We could not find {query} in the shop.""".splitlines()

FORMS: dict[str, Callable[[int, str], str]] = {
    "as it is": lambda number, part: part,
    "X1": lambda number, part: f"X{number}",
    "<1>": lambda number, part: f"<{number}>",
    "[1]": lambda number, part: f"[{number}]",
    "{1}": lambda number, part: f"{{{number}}}",
    "(1)": lambda number, part: f"({number})",
    "#1": lambda number, part: f"#{number}",
    "991": lambda number, part: f"99{number}",
    "__1__": lambda number, part: f"__{number}__",
}


def in_form(sentence: str, form: Callable[[int, str], str]) -> tuple[str, list[str]]:
    """A sentence with its parts in another form, and these forms."""
    text, names, place = "", list[str](), 0
    for number, part in enumerate(placeholders(sentence), start=1):
        names.append(form(number, part.text))
        text += sentence[place : part.start] + names[-1]
        place = part.end
    return text + sentence[place:], names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--from", dest="source", default="en")
    parser.add_argument("--to", dest="target", default="de")
    parser.add_argument("--show", action="store_true", help="print every translation")
    given = parser.parse_args()
    translator = Translator(given.model)
    for title, form in FORMS.items():
        asked = [in_form(sentence, form) for sentence in SENTENCES]
        found = translator.translate(
            [text for text, _ in asked], given.source, given.target, num_beams=1, max_new_tokens=60
        )
        kept = [
            all(text.count(name) == names.count(name) for name in names)
            for (_, names), text in zip(asked, found, strict=True)
        ]
        print(f"{title:10} {sum(kept):2} of {len(kept)}", flush=True)
        for (text, _), answer, is_kept in zip(asked, found, kept, strict=True):
            if given.show:
                print(f"    {'kept' if is_kept else 'lost'}  {text} -> {answer}")


if __name__ == "__main__":
    main()
