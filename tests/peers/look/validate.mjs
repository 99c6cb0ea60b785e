// Holds a mail's HTML against html-validate (standard and a11y) and prints what caniemail's tables of Gmail, Outlook and Apple
// Mail say of its features, with the number of clients. Leaves with 1 on an error of html-validate, or if the tables miss a
// feature that the page can't do without: its tables, links, colours and sizes.
//
//   node validate.mjs page.html
import { caniemail } from 'caniemail';
import { HtmlValidate } from 'html-validate';
import { readFileSync } from 'node:fs';

const html = readFileSync(process.argv[2], 'utf8');
const validator = new HtmlValidate({
  extends: ['html-validate:standard', 'html-validate:a11y'],
  // Mail needs attributes on tables and styles inline; `<main>` is dropped by several programs, so a role says it.
  rules: { 'no-deprecated-attr': 'off', 'no-inline-style': 'off', 'prefer-native-element': ['error', { exclude: ['main'] }] },
});
const report = await validator.validateString(html);
const found = report.results.flatMap((result) => result.messages);
for (const message of found) console.log(JSON.stringify({ rule: message.ruleId, line: message.line, message: message.message }));
const clients = ['gmail.*', 'outlook.*', 'apple-mail.*'];
const known = caniemail({ clients, html });
const features = (issues) => {
  const names = new Map();
  for (const [client, list] of issues instanceof Map ? issues : Object.entries(issues ?? {})) {
    for (const issue of list) {
      const name = issue.title ?? issue.feature ?? String(issue);
      names.set(name, (names.get(name) ?? new Set()).add(client));
    }
  }
  return Object.fromEntries([...names].map(([name, clients]) => [name, clients.size]));
};
console.log(JSON.stringify({ caniemail: known.success, not_supported: features(known.issues?.errors), in_part: features(known.issues?.warnings) }));
// What no page of ours may rest on. The rest is enhancement: the sheet for dark mode, round corners, hiding the preheader thrice.
const needed = ['<table> element', '<h1> to <h6> elements', '<blockquote> element', '<pre> element', 'background', 'border',
  'font-size', 'font-weight', 'line-height', 'margin', 'padding', 'mailto: links'];
const missed = Object.keys(features(known.issues?.errors)).filter((name) => needed.includes(name));
for (const name of missed) console.log(JSON.stringify({ missed: name }));
process.exit(found.some((message) => message.severity === 2) || missed.length ? 1 : 0);
