// Looks at a mail's HTML as a reader would: Chromium, three widths, light and dark. Prints figures, writes pictures, and
// leaves with 1 if a page overflows, a text has too little contrast, or anything was asked of the network.
//
//   npm install playwright-core axe-core    (in this folder; not part of the crate)
//   node look.mjs page.html pictures/        CHROMIUM=/usr/bin/chromium by default
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

const [page_file, folder] = process.argv.slice(2);
if (!page_file || !folder) {
  console.error('usage: node look.mjs page.html pictures/');
  process.exit(2);
}
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
// A picture that lies beside the page comes with it, as it does in a mail.
const beside = (file) => `data:image/png;base64,${readFileSync(join(dirname(resolve(page_file)), file)).toString('base64')}`;
const html = readFileSync(resolve(page_file), 'utf8').replace(/src="([\w-]+\.png)"/g, (_, file) => `src="${beside(file)}"`);
const name = basename(page_file).replace(/\.html$/, '');
mkdirSync(folder, { recursive: true });

// The heights are those of a small phone, a common phone and a laptop window: what is above is the first screen.
const screens = [[320, 568], [390, 844], [1200, 800]];

const measure = () => {
  const parse = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const over = (top, below) => ({
    r: top.r * top.a + below.r * (1 - top.a),
    g: top.g * top.a + below.g * (1 - top.a),
    b: top.b * top.a + below.b * (1 - top.a),
    a: 1,
  });
  // WCAG 2.2, relative luminance and contrast ratio.
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ratio = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((p, q) => q - p);
    return (light + 0.05) / (dark + 0.05);
  };
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), { r: 255, g: 255, b: 255, a: 1 });
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const back = ground(element);
    texts.push({
      words: walker.currentNode.data.trim().slice(0, 40),
      contrast: ratio(over(parse(style.color), back), back),
      size: parseFloat(style.fontSize),
    });
  }
  texts.sort((one, other) => one.contrast - other.contrast);
  const headings = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((heading) => Number(heading.tagName[1]));
  const first = [...document.querySelectorAll('h2')].find((heading) => /^(Do this week|What to do)/.test(heading.textContent));
  const box = first?.closest('table');
  const row = box?.querySelectorAll('tr')[1] ?? box?.querySelector('tr');
  return {
    overflow: document.documentElement.scrollWidth - innerWidth,
    least_contrast: Number(texts[0].contrast.toFixed(2)),
    at: texts[0].words,
    least_size: Math.min(...texts.map((text) => text.size)),
    texts: texts.length,
    h1: headings.filter((level) => level === 1).length,
    headings_in_order: headings.every((level, place) => place === 0 ? level === 1 : level <= headings[place - 1] + 1),
    first_action_ends_at: row ? Math.round(row.getBoundingClientRect().bottom) : null,
    page_height: document.documentElement.scrollHeight,
  };
};

const profile = mkdtempSync(join(tmpdir(), 'look-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run', '--disable-sync', '--disable-component-update'],
});
let bad = 0;
console.log(JSON.stringify({ page: name, bytes: Buffer.byteLength(html), browser: browser.browser()?.version() ?? (await version()) }));
for (const colorScheme of ['light', 'dark']) {
  for (const [width, height] of screens) {
    const page = await browser.newPage();
    let asked = 0;
    await page.route('**/*', (route) => { asked += 1; return route.abort(); });
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await page.setContent(html, { waitUntil: 'load' });
    const figures = await page.evaluate(measure);
    await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}-first.png`) });
    await page.evaluate(axe);
    const violations = await page.evaluate(async () => (await window.axe.run()).violations.map((one) => one.id));
    const ok = figures.overflow <= 0 && figures.least_contrast >= 4.5 && asked === 0 && violations.length === 0;
    bad += ok ? 0 : 1;
    console.log(JSON.stringify({ width, height, scheme: colorScheme, ok, asked, axe: violations, ...figures }));
    await page.close();
  }
}
await browser.close();
rmSync(profile, { recursive: true, force: true });
process.exit(bad ? 1 : 0);

async function version() {
  const page = await browser.newPage();
  const words = await page.evaluate(() => navigator.userAgent);
  await page.close();
  return words.match(/Chrom(?:e|ium)\/[\d.]+/)?.[0] ?? words;
}
