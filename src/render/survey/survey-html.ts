import { createHash } from 'node:crypto';
import { daysToFull, growthOf } from '../../survey/choose-figures.ts';
import type { Figure } from '../../survey/figure.ts';
import type { HostSurvey } from '../../survey/host-survey.ts';
import { neutralise } from '../../values/terminal.ts';
import { pageScript, pageStyle } from './survey-page.ts';
import type { ShownSurvey } from './survey-words.ts';
import {
  bytesText,
  fullText,
  growthText,
  hostText,
  nearlyFull,
  needsAttention,
  undoText,
  useText,
} from './survey-words.ts';
import { count } from '../words.ts';

/** Text that is HTML already. Everything else goes through `escape`, which is why they differ in type. */
interface Html {
  readonly html: string;
}

type Content = Html | string | number | readonly Content[];

function escape(content: Content): string {
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string')
    return neutralise(content)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;');
  return 'html' in content ? content.html : content.map(escape).join('');
}

/** A template in which every value is escaped but what is HTML by type. */
function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return { html: parts.map((part, index) => part + escape(values[index] ?? '')).join('') };
}

const asIs = (text: string): Html => ({ html: text });

/** One page that needs nothing but itself, and may load nothing and run nothing but its own script. */
export function surveyHtml(survey: ShownSurvey): string {
  const hash = createHash('sha256').update(pageScript).digest('base64');
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${asIs(hash)}'; base-uri 'none'; form-action 'none'"
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>Storage of ${count(survey.hosts.length, 'host')}, ${minute(survey.at)}</title>
        <style>
          ${asIs(pageStyle)}
        </style>
      </head>
      <body>
        <header>
          <h1>Docker storage at a glance</h1>
          <div class="faint">plimsoll survey, ${minute(survey.at)} UTC</div>
        </header>
        ${cards(survey)} ${failures(survey.hosts)}
        <main>
          <h2>What can become full</h2>
          <div class="tools">
            <input type="search" id="filter" placeholder="filter by host, name, note…" aria-label="filter" /><label
              ><input type="checkbox" id="only" /> only what wants attention</label
            ><span class="faint" id="shown"></span>
          </div>
          ${figureTable(survey)}
          <h2>Hosts</h2>
          ${hostTable(survey.hosts)}
        </main>
        <script>
          ${asIs(pageScript)};
        </script>
      </body>
    </html> `;
  return page.html;
}

function minute(at: string): string {
  return at.slice(0, 16).replace('T', ' ');
}

function cards({ hosts, figures, leftOut }: ShownSurvey): Html {
  const ok = hosts.filter(({ docker }) => docker !== null).length;
  const wanting = figures.filter(needsAttention).length;
  const undone = figures.filter(({ restartUndoes }) => restartUndoes === true).length;
  const dangling = hosts.flatMap(({ volumes }) => volumes).filter((volume) => volume.dangling !== null).length;
  const card = (value: number | string, text: string, tone: string): Html =>
    html`<li><b class="${tone}">${value}</b>${text}</li>`;
  return html`<ul class="cards">
    ${[
      card(`${String(ok)} of ${String(hosts.length)}`, 'hosts surveyed', ok === hosts.length ? 'good' : 'bad'),
      card(figures.length, leftOut === 0 ? 'figures' : `figures (${String(leftOut)} left out)`, ''),
      card(wanting, 'want attention', wanting === 0 ? 'good' : 'caution'),
      card(undone, 'a restart would undo', undone === 0 ? 'good' : 'bad'),
      card(dangling, 'dangling volumes', ''),
    ]}
  </ul>`;
}

function failures(hosts: readonly HostSurvey[]): Html {
  const failed = hosts.flatMap(({ host, status, error }) =>
    error === null
      ? []
      : [
          html`<li>
            <b>${host}</b> <span class="bad">${status}</span>:
            ${error.message}${error.hint === '' ? '' : html`<div class="faint">→ ${error.hint}</div>`}
          </li>`,
        ],
  );
  const gaps = hosts.flatMap(({ host, gaps: its }) =>
    its.map((gap) => html`<li><b>${host}</b> <span class="caution">not read</span>: ${gap}</li>`),
  );
  if (failed.length + gaps.length === 0) return html``;
  return html`<details${asIs(failed.length + gaps.length <= 10 ? ' open' : '')}><summary>${count(failed.length + gaps.length, 'thing')} could not be surveyed</summary><ul>${[...failed, ...gaps]}</ul></details>`;
}

interface Head {
  readonly text: string;
  readonly number?: true;
}

function tableOf(id: string, heads: readonly Head[], rows: readonly Html[]): Html {
  const cells = heads.map(
    ({ text, number }) =>
      html`<th scope="col" ${asIs(number === true ? ' class="number"' : '')}>
        <button type="button">${text}</button>
      </th>`,
  );
  return html`<div class="scroll">
    <table class="sortable" id="${id}">
      <thead>
        <tr>
          ${cells}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function figureTable(survey: ShownSurvey): Html {
  const { figures, trend } = survey;
  const heads: readonly Head[] = [
    { text: 'Host' },
    { text: 'What' },
    { text: 'Name' },
    { text: 'Used', number: true },
    { text: 'Size', number: true },
    { text: 'Use', number: true },
    { text: 'Undone by a restart' },
    ...(trend
      ? [
          { text: 'Growth', number: true as const },
          { text: 'Full in', number: true as const },
        ]
      : []),
    { text: 'Notes' },
  ];
  return tableOf(
    'figures',
    heads,
    figures.map((figure) => figureRow(figure, survey)),
  );
}

function figureRow(figure: Figure, { trend, command }: ShownSurvey): Html {
  const wants = needsAttention(figure);
  const what = wants ? command(figure) : undefined;
  const forecast = [
    html`<td class="number" data-v="${growthOf(figure) ?? ''}">${growthText(figure)}</td>`,
    html`<td class="number forecast" data-v="${daysToFull(figure) ?? ''}">${fullText(figure)}</td>`,
  ];
  return html`<tr class="${wants ? 'wants' : ''}">
    <td class="word">${figure.host}</td>
    <td class="word">${figure.kind}</td>
    <td class="name" title="${figure.name}">${shortName(figure.name)}</td>
    <td class="number" data-v="${figure.used ?? ''}">${bytesText(figure.used)}</td>
    <td class="number" data-v="${figure.size ?? ''}">${bytesText(figure.size)}</td>
    <td class="number" data-v="${figure.use ?? ''}">${useText(figure.use)}${bar(figure.use)}</td>
    <td class="word ${figure.restartUndoes === true ? 'bad' : ''}">${undoText(figure.restartUndoes)}</td>
    ${trend ? forecast : ''}
    <td class="notes">
      <ul class="notes">
        ${[...figure.cautions.map((text) => html`<li class="caution">${text}</li>`), ...figure.notes.map((text) => html`<li>${text}</li>`)]}
      </ul>
      ${what === undefined ? '' : html`<code>${what}</code>`}
    </td>
  </tr> `;
}

function bar(use: number | null): Content {
  if (use === null) return '';
  const tone = use > 0.95 ? 'bad' : use > nearlyFull ? 'caution' : '';
  return html`<meter-bar class="${tone}"><i style="width:${Math.min(100, Math.round(use * 100))}%"></i></meter-bar>`;
}

function shortName(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name;
}

function hostTable(hosts: readonly HostSurvey[]): Html {
  const heads: readonly Head[] = [
    { text: 'Host' },
    { text: 'Status' },
    { text: 'Docker' },
    { text: 'System' },
    { text: 'Containers', number: true },
    { text: 'Volumes', number: true },
  ];
  const rows = hosts.map(
    (survey) =>
      html`<tr>
        <td class="word">${survey.host}</td>
        <td class="word ${survey.status === 'ok' ? 'good' : 'bad'}">${survey.status}</td>
        <td>${hostText(survey)}</td>
        <td>${survey.docker === null ? '' : `${survey.docker.operatingSystem}, ${survey.docker.kernel}`}</td>
        <td class="number" data-v="${survey.containers.length}">${survey.containers.length}</td>
        <td class="number" data-v="${survey.volumes.length}">${survey.volumes.length}</td>
      </tr> `,
  );
  return tableOf('hosts', heads, rows);
}
