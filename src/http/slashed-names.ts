/**
 * Names and ids with a `/` in them, where a client puts them into a path without encoding: the Langfuse SDK for Python 2
 * does, that for JavaScript 3 with ids (`fetchTrace`), and of later ones what they generate (`api.prompts.get`,
 * `api.trace.get`). The routes below have a name or an id in the path, so that a further segment can be nothing but the rest
 * of one.
 */

/** Routes that have an id behind them, and what may follow it. */
const ID_ROUTES: ReadonlyMap<string, readonly string[]> = new Map([
  ['traces', []],
  ['observations', ['cost', 'mapping']],
  ['sessions', []],
  ['scores', []],
  ['v2/scores', []],
  ['dataset-items', []],
  ['models', []],
]);

/** `url` with every `/` of a name in its path as `%2F`; any other URL comes back as it is. */
export function encodeSlashedNames(url: string, method: string | undefined): string {
  const end = url.search(/[?#]/);
  const path = end === -1 ? url : url.slice(0, end);
  const segments = path.split('/').filter(Boolean);
  if (segments[0] !== 'api' || segments[1] !== 'public') return url;
  const start = segments[2] === 'v2' ? 4 : 3;
  const rest = segments.slice(start);
  const route = segments.slice(2, start).join('/');
  const parts = idParts(route, path, rest) ?? partsOf(route, rest, method);
  if (parts === undefined || parts.length === rest.length) return url;
  return `/${[...segments.slice(0, start), ...parts].join('/')}${end === -1 ? '' : url.slice(end)}`;
}

/** Of an id every slash counts, also one after another: it may be the address of something. */
function idParts(route: string, path: string, rest: readonly string[]): string[] | undefined {
  const followers = ID_ROUTES.get(route);
  if (followers === undefined || rest.length < 2) return undefined;
  // Not by one expression: with a URL of slashes alone it would take the square of its length.
  const [prefix] = /^\/*api\/+public\/+(?:v2\/+)?[^/]+\/+/.exec(path)!;
  const follower = followers.includes(rest.at(-1)!) ? rest.at(-1)! : undefined;
  let id = trimEnd(path.slice(prefix.length));
  if (follower !== undefined) id = trimEnd(id.slice(0, -follower.length));
  return [id.replaceAll('/', '%2F'), ...(follower === undefined ? [] : [follower])];
}

/** Without the slashes at its end. */
function trimEnd(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}

/** The segments that the router shall see behind `route`; undefined where it has no names. */
function partsOf(route: string, rest: readonly string[], method: string | undefined): string[] | undefined {
  switch (route) {
    case 'v2/prompts':
      return method === 'PATCH' && rest.at(-2) === 'versions' ? join(rest, 2) : join(rest, 0);
    case 'v2/datasets':
      return join(rest, 0);
    case 'datasets': {
      // The first `runs` ends the name of the dataset.
      const runs = rest.indexOf('runs', 1);
      if (runs === -1) return join(rest, rest.at(-1) === 'run-comparison' ? 1 : 0);
      const run = rest.slice(runs + 1);
      return [...join(rest.slice(0, runs), 0), 'runs', ...join(run, run.at(-1) === 'results' ? 1 : 0)];
    }
    default:
      return undefined;
  }
}

/** `segments` as one name, but for the last `apart` of them where something is left before these. */
function join(segments: readonly string[], apart: number): string[] {
  const end = segments.length - apart;
  if (end < 1) return [...segments];
  return [segments.slice(0, end).join('%2F'), ...segments.slice(end)];
}
