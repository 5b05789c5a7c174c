import { parseReprice } from '../modules/pricing/prices.body.js';
import { presentReprice } from '../modules/pricing/prices.present.js';
import { PriceBook } from '../storage/pricing/price-book.js';
import { type RepricedModel, type RepricePart, Repricer } from '../storage/pricing/repricer.js';
import { asOptions, type OptionNames } from './option-values.js';
import { printTable, projectOf, withProjects } from './project-stores.js';

export interface RepriceOptions {
  readonly apply?: true;
  readonly project?: string;
  readonly from?: string;
  readonly to?: string;
  readonly model?: string;
  readonly json?: true;
}

const DAY_MS = 86_400_000;
const WHEN = 'must be a number of days back such as 90d, or an ISO 8601 time with a zone';
const OPTIONS: OptionNames = {
  fromTimestamp: ['--from', `${WHEN}, and not after --to`],
  toTimestamp: ['--to', WHEN],
  model: ['--model'],
};

/** `xtrace reprice`: the sums by model on stdout, how far it is on stderr. */
export async function runReprice(options: RepriceOptions): Promise<void> {
  const isApplied = options.apply === true;
  const read = () => asOptions(OPTIONS, () => readRequest(options, Date.now()));
  await withProjects(isApplied ? 'reprice' : 'show new prices', read, async (stores, request) => {
    const project = await projectOf(stores, options.project);
    const repricer = new Repricer(stores.pool, new PriceBook(), stores.database);
    let sum: RepricePart = { traces: 0, observations: 0, models: [], nextCursor: undefined };
    do {
      const part = { ...request, ...(sum.nextCursor === undefined ? {} : { cursor: sum.nextCursor }) };
      sum = add(sum, await (isApplied ? repricer.apply(project, part) : repricer.preview(project, part)));
      console.error(`looked at ${sum.observations} calls in ${sum.traces} traces`);
    } while (sum.nextCursor !== undefined);
    print(sum, options);
  });
}

function readRequest({ from, to, model }: RepriceOptions, nowMs: number) {
  const body = { fromTimestamp: readWhen(from, nowMs), toTimestamp: readWhen(to, nowMs), model };
  return parseReprice(body, nowMs).request;
}

/** Two parts of one run, the later one second. */
function add(sum: RepricePart, part: RepricePart): RepricePart {
  const models = new Map<string, RepricedModel>(sum.models.map((model) => [model.model, { ...model }]));
  for (const model of part.models) {
    const known = models.get(model.model);
    if (known === undefined) models.set(model.model, { ...model });
    else {
      known.observations += model.observations;
      known.oldNanoUsd += model.oldNanoUsd;
      known.newNanoUsd += model.newNanoUsd;
    }
  }
  return {
    traces: sum.traces + part.traces,
    observations: sum.observations + part.observations,
    models: [...models.values()],
    nextCursor: part.nextCursor,
  };
}

function print(sum: RepricePart, { apply, json }: RepriceOptions): void {
  const { nextCursor: _, ...sums } = presentReprice(sum, apply === true);
  if (json) {
    console.log(JSON.stringify(sums, null, 2));
    return;
  }
  if (sums.models.length === 0) {
    console.log('every call has the cost that it should have');
    return;
  }
  const rows = sums.models.map(({ model, changedObservations, oldCost, newCost }) => [
    ...[model, String(changedObservations), oldCost.toFixed(6), newCost.toFixed(6)],
  ]);
  const total = ['all', String(sums.changedObservations), sums.oldCost.toFixed(6), sums.newCost.toFixed(6)];
  printTable([['MODEL', 'CALLS', 'USD BEFORE', 'USD AFTER'], ...rows, total]);
  console.error(apply ? 'These costs are changed.' : 'Nothing is changed yet: add --apply.');
}

/** `90d` back from `nowMs`, or a time that is checked as the API does. */
function readWhen(text: string | undefined, nowMs: number): string | undefined {
  const days = /^(\d{1,5})d$/.exec(text ?? '')?.[1];
  return days === undefined ? text : new Date(nowMs - Number(days) * DAY_MS).toISOString();
}
