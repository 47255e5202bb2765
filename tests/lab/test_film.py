import re
import xml.etree.ElementTree as ET

from gitops_canary.lab.film import Film
from gitops_canary.lab.telling import Line

SVG = "{http://www.w3.org/2000/svg}"
FIRST = [Line(text="git    5% <&>", mood="strong"), Line(text=""), Line(text="same")]
SECOND = [Line(text="git   10%", mood="good"), Line(text=""), Line(text="same")]


def test_a_film_shows_each_frame_at_its_time() -> None:
    film = Film()
    film.add(2.0, FIRST, now=True)
    film.add(7.0, SECOND, now=True)

    drawn = film.svg()
    root = ET.fromstring(drawn)  # noqa: S314 - our own text

    texts = {t.get("id"): t.text for t in root.iter(f"{SVG}text")}
    assert sorted(map(str, texts.values())) == ["git    5% <&>", "git   10%", "same"]
    frames = [[texts[str(u.get("href"))[1:]] for u in g] for g in root.findall(f"{SVG}g/{SVG}g")]
    assert frames == [["git    5% <&>", "same"], ["git   10%", "same"]]
    assert re.findall(r"([\d.]+)%\{transform", drawn) == ["0.000", "25.000", "100"]
    assert "animation:film 8.0s" in drawn


def test_frames_without_news_are_thinned_out() -> None:
    film = Film()
    film.add(0.0, FIRST, now=False)
    film.add(0.2, SECOND, now=False)
    film.add(0.3, FIRST, now=True)
    film.add(0.6, SECOND, now=False)
    film.add(0.7, SECOND, now=True)
    film.add(0.9, SECOND, now=False)

    assert [at_s for at_s, _ in film.frames] == [0.0, 0.6]
