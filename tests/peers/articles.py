"""Compares the main text that tidings and trafilatura find in the pages of a folder. Standard library, trafilatura, lxml.

articles.py FOLDER: the folder has some of the sets `adbar+trafilatura`, `mozilla+readability`,
`scrapinghub+article-extraction-benchmark` and `Ranchero-Software+NetNewsWire`, each as its project keeps it. F1 is that of
words as multisets, the mean over the pages of a set. For adbar's set it is trafilatura's own evaluation: phrases that must
and must not be there."""

import collections
import gzip
import json
import pathlib
import re
import subprocess
import sys

import lxml.html
import trafilatura


def words(text):
    return collections.Counter(re.findall(r"\w+", (text or "").lower()))


def f1(found, expected):
    found, expected = words(found), words(expected)
    same = sum((found & expected).values())
    if not found or not expected:
        return float(found == expected), 0.0, 0.0
    precision, recall = same / sum(found.values()), same / sum(expected.values())
    return (2 * precision * recall / (precision + recall) if same else 0.0), precision, recall


def mozilla(folder):
    for source in sorted(folder.glob("*/source.html")):
        expected = lxml.html.fromstring(f"<div>{(source.parent / 'expected.html').read_text(encoding='utf-8')}</div>")
        yield source, "https://www.example.org/article", " ".join(expected.itertext())


def scrapinghub(folder):
    for name, page in json.loads((folder / "ground-truth.dev.json").read_text()).items():
        yield folder / "html" / f"{name}.html.gz", page["url"], page["articleBody"]


def netnewswire(folder):
    for expected in sorted(folder.glob("*.txt")):
        yield expected.with_suffix(".html"), "https://www.example.org/article", expected.read_text()


def adbar(folder):
    for url, page in json.loads((folder / "evaldata.dev.json").read_text()).items():
        yield folder / page["file"], url, page


def ours(pages):
    listed = "".join(f"{path}\t{url}\n" for path, url, _ in pages)
    command = "cargo run --release --locked --quiet --example read-articles".split()
    command = sys.argv[2:] or command
    done = subprocess.run(command, input=listed, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def theirs(path, url):
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    return trafilatura.extract(data, url=url, include_comments=False) or ""


def phrases(texts, pages):
    counts = collections.Counter()
    for text, (_, _, page) in zip(texts, pages):
        for phrase in page["with"]:
            counts["tp" if phrase in text else "fn"] += 1
        for phrase in page["without"]:
            counts["fp" if phrase in text else "tn"] += 1
    tp, fn, fp, tn = (counts[name] for name in ("tp", "fn", "fp", "tn"))
    precision, recall = tp / (tp + fp), tp / (tp + fn)
    accuracy = (tp + tn) / (tp + fn + fp + tn)
    return f"precision {precision:.3f}  recall {recall:.3f}  accuracy {accuracy:.3f}  F {2 * precision * recall / (precision + recall):.3f}"


def main():
    folder = pathlib.Path(sys.argv[1])
    print(f"trafilatura {trafilatura.__version__}")
    sets = {
        "mozilla+readability": mozilla,
        "scrapinghub+article-extraction-benchmark": scrapinghub,
        "Ranchero-Software+NetNewsWire": netnewswire,
        "adbar+trafilatura": adbar,
    }
    for name, pages_of in sets.items():
        if not (folder / name).is_dir():
            continue
        pages = [page for page in pages_of(folder / name) if page[0].exists()]
        read = ours(pages)
        texts = {"tidings": [page["text"] for page in read], "trafilatura": [theirs(path, url) for path, url, _ in pages]}
        longest = max(page["milliseconds"] for page in read)
        print(f"{name}: {len(pages)} pages; longest reading {longest:.0f} ms")
        scores = {}
        for who, found in texts.items():
            if pages_of is adbar:
                print(f"  {who:12} {phrases(found, pages)}")
                continue
            scores[who] = [f1(text, expected) for text, (_, _, expected) in zip(found, pages)]
            mean = [sum(score[part] for score in scores[who]) / len(pages) for part in range(3)]
            print(f"  {who:12} F1 {mean[0]:.3f}  (precision {mean[1]:.3f}, recall {mean[2]:.3f})")
        if scores:
            gaps = zip(scores["tidings"], scores["trafilatura"], pages)
            worst = sorted(gaps, key=lambda gap: gap[0][0] - gap[1][0])[:5]
            for mine, other, (path, _, _) in worst:
                if other[0] - mine[0] > 0.1:
                    shown = path.relative_to(folder / name)
                    print(f"    behind on {shown}: {mine[0]:.2f} (p {mine[1]:.2f} r {mine[2]:.2f}), trafilatura {other[0]:.2f}")


main()
