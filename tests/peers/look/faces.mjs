// Looks at the pages of a running `tidings serve` as people do: Chromium at three widths, light and dark, with and without
// JavaScript, and by keyboard alone. It finds the pages by their links, takes one of each kind, prints figures, writes pictures,
// and leaves with 1 if a page overflows, axe-core finds something serious, the keyboard misses a link, or a form does nothing.
//
//   npm install playwright-core axe-core    (in this folder; not part of the crate)
//   node faces.mjs http://127.0.0.1:8410 demo pictures/ [--forms] [--leave /u/TOKEN]     CHROMIUM=/usr/bin/chromium by default
//
// --forms presses the buttons of a home with data, and so leaves thumbs and wishes in its inbox; --leave is a way out of a list.
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [base, name, folder, ...options] = process.argv.slice(2);
if (!base || !name || !folder) {
  console.error('usage: node faces.mjs http://127.0.0.1:8410 demo pictures/ [--forms] [--leave /u/TOKEN]');
  process.exit(2);
}
const presses = options.includes('--forms');
const leave = options.includes('--leave') ? options[options.indexOf('--leave') + 1] : null;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
mkdirSync(folder, { recursive: true });

const MOST_BYTES = 60_000;
const MOST_PAGES = 60;
const SHOWN = [[390, 844], [1200, 900]];
const WIDTHS = [320, 390, 1200];

let bad = 0;
const say = (found) => {
  bad += found.ok === false ? 1 : 0;
  console.log(JSON.stringify(found));
};

// --- which pages there are: one of each kind, by the form of its address
const kind = (url) => {
  const words = url.pathname.split('/').map((word) => (/\d|^(s|i|bp)-/.test(word) ? '*' : word)).join('/');
  return `${words}?${[...url.searchParams.keys()].sort().join('&')}`;
};
const pages = new Map();
const seen = new Set();
const missing = new Set();
const waiting = [new URL('/', base), new URL('/no-such-page', base)];
if (leave) waiting.push(new URL(leave, base));
while (waiting.length && pages.size < MOST_PAGES) {
  const url = waiting.shift();
  if (pages.has(kind(url)) || seen.has(url.href)) continue;
  const answer = await fetch(url, { redirect: 'follow' });
  const type = answer.headers.get('content-type') ?? '';
  const text = await answer.text();
  seen.add(url.href);
  const reached = new URL(answer.url);
  const expected = url.pathname === '/no-such-page' ? 404 : 200;
  if (!type.startsWith('text/html')) {
    say({ file: url.pathname, status: answer.status, type, ok: answer.status === 200 });
    continue;
  }
  // A kind is shown by a page that there is.
  if (answer.status !== expected) {
    if (!missing.has(kind(url))) say({ page: reached.pathname, status: answer.status, ok: false });
    missing.add(kind(url));
    continue;
  }
  pages.set(kind(url), reached);
  for (const [, href] of text.matchAll(/href="([^"#]+)/g)) {
    const next = new URL(href.replaceAll('&amp;', '&'), reached);
    if (next.origin === reached.origin && !next.pathname.endsWith('.css')) waiting.push(next);
  }
}

const slug = (url) => `${url.pathname}${url.search}`.replace(/[^\w.-]+/g, '-').replace(/^-|-$/g, '').slice(0, 60) || 'today';
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--disable-sync', '--disable-component-update'],
});
console.log(JSON.stringify({ name, pages: pages.size, browser: browser.version(), axe: axe.match(/axe v([\d.]+)/)?.[1] }));

for (const url of pages.values()) {
  // --- bytes, and milliseconds from the question to the last byte, in the middle of nine
  const times = [];
  let bytes = 0;
  for (let turn = 0; turn < 9; turn++) {
    const began = performance.now();
    const answer = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
    bytes = (await answer.arrayBuffer()).byteLength;
    times.push(performance.now() - began);
  }
  times.sort((one, other) => one - other);
  const figures = { page: url.pathname + url.search, bytes, ms: Number(times[4].toFixed(1)), overflow: [], axe: [], refused: [] };

  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ colorScheme });
    const page = await context.newPage();
    // What the policy of the pages themselves refuses, before axe comes.
    let counts = true;
    page.on('console', (message) => {
      if (counts && message.type() === 'error' && !/status of 4\d\d/.test(message.text())) figures.refused.push(message.text().slice(0, 160));
    });
    await page.goto(url.href, { waitUntil: 'load' });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 844 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) figures.overflow.push(`${over} px at ${width}`);
    }
    counts = false;
    await page.evaluate(axe);
    for (const [width, height] of SHOWN) {
      await page.setViewportSize({ width, height });
      const found = await page.evaluate(async () => {
        const { violations } = await window.axe.run({ rules: { 'target-size': { enabled: true } } });
        return violations.map((one) => ({ id: one.id, impact: one.impact, at: one.nodes.slice(0, 3).map((node) => node.html.slice(0, 90)) }));
      });
      for (const one of found) figures.axe.push({ ...one, width, scheme: colorScheme });
    }
    await context.close();

    // --- pictures, as somebody without JavaScript sees it
    for (const [width, height] of SHOWN) {
      const context = await browser.newContext({ colorScheme, javaScriptEnabled: false, viewport: { width, height } });
      const page = await context.newPage();
      await page.goto(url.href, { waitUntil: 'load' });
      await page.screenshot({ path: join(folder, `${name}-${slug(url)}-${width}-${colorScheme}.png`), fullPage: true });
      await context.close();
    }
  }

  // --- everything by keyboard: Tab comes by each link and control once, in the order of the page, and shows where it is
  {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    const page = await context.newPage();
    await page.goto(url.href, { waitUntil: 'load' });
    const wanted = await page.evaluate(() => {
      const all = document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]');
      const seen = [...all].filter((one) => !one.disabled && one.checkVisibility());
      seen.forEach((one, place) => { one.dataset.place = place; });
      return seen.length;
    });
    const reached = [];
    const unseen = new Set();
    for (let press = 0; press < wanted + 12; press++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const one = document.activeElement;
        if (!one || one === document.body) return null;
        const style = getComputedStyle(one);
        const box = one.getBoundingClientRect();
        const shows = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
        return { place: one.dataset.place ?? null, shows, inside: box.width > 0 && box.left >= 0, words: one.textContent.trim().slice(0, 40) };
      });
      if (!at) break;
      if (at.place !== null && reached.includes(Number(at.place))) break;
      if (at.place !== null) reached.push(Number(at.place));
      if (!at.shows || !at.inside) unseen.add(at.words);
    }
    const inOrder = reached.every((place, turn) => turn === 0 || place > reached[turn - 1]);
    figures.keyboard = { controls: wanted, reached: reached.length, in_order: inOrder, unseen: [...unseen] };
    await context.close();
  }
  const heavy = figures.axe.filter((one) => one.impact === 'serious' || one.impact === 'critical');
  const { keyboard } = figures;
  figures.ok = bytes < MOST_BYTES && figures.overflow.length === 0 && figures.refused.length === 0 && heavy.length === 0
    && keyboard.reached === keyboard.controls && keyboard.in_order && keyboard.unseen.length === 0;
  say(figures);
}

// --- forms, without JavaScript
const plain = async (what, press) => {
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  try {
    const words = await press(page);
    say({ form: what, ok: words !== false, ...(typeof words === 'string' ? { words } : {}) });
  } catch (error) {
    say({ form: what, ok: false, words: String(error).slice(0, 200) });
  }
  await context.close();
};
// Pressed on the first page that has it; none has it in an empty home.
const holder = async (page, selector) => {
  for (const url of pages.values()) {
    await page.goto(url.href, { waitUntil: 'load' });
    if (await page.locator(selector).count()) return true;
  }
  return false;
};
const main = async (page) => (await page.locator('main').innerText()).replace(/\s+/g, ' ');
// In a home with data every form is somewhere; an empty one may lack some.
const none = () => presses ? false : 'no page has it';
await plain('search', async (page) => {
  if (!(await holder(page, 'form[action="/search"] input[name="q"]'))) return none();
  await page.locator('form[action="/search"] input[name="q"]').first().fill('sandbox');
  const [answer] = await Promise.all([page.waitForNavigation(), page.locator('form[action="/search"] button').first().click()]);
  return answer.status() === 200 && new URL(page.url()).searchParams.get('q') === 'sandbox' && (await main(page)).slice(0, 80);
});
if (presses) {
  for (const [what, form, waits] of [['thumb', 'form[action="/thumbs"]', /Noted/], ['lesson', 'form[action^="/lessons/"]', /waits for the next run/]]) {
    await plain(what, async (page) => {
      if (!(await holder(page, `${form} button`))) return none();
      const [answer] = await Promise.all([page.waitForNavigation(), page.locator(`${form} button`).first().click()]);
      const words = await main(page);
      return answer.status() === 200 && waits.test(words) && words.slice(0, 160);
    });
  }
}
if (leave) {
  await plain('leave', async (page) => {
    await page.goto(new URL(leave, base).href, { waitUntil: 'load' });
    const before = await main(page);
    const [answer] = await Promise.all([page.waitForNavigation(), page.locator('main form button').first().click()]);
    const after = await main(page);
    return answer.status() === 200 && before !== after && after.slice(0, 160);
  });
}
await browser.close();
console.log(JSON.stringify({ name, bad }));
process.exit(bad ? 1 : 0);
