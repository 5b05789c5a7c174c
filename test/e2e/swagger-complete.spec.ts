import { type RunningServer } from '../support/server-process.js';
import { Api, startE2eServer } from './support/api.js';

jest.setTimeout(60_000);

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly example?: unknown;
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
}
interface Media {
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: Record<string, { readonly value?: unknown }>;
}
interface Part extends Media {
  readonly name?: string;
  readonly description?: string;
  readonly content?: Record<string, Media>;
  readonly headers?: Record<string, Part>;
}
interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Part[];
  readonly requestBody?: Part;
  readonly responses: Record<string, Part>;
  readonly security?: readonly object[];
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly components: { readonly schemas: Record<string, Schema> };
}

/** What the document lacks, each with where; none when everything is described and has an example. */
function gapsOf(document: Document): string[] {
  const gaps: string[] = [];
  const { schemas } = document.components;
  const hasText = (text: string | undefined) => text !== undefined && text.trim().length > 2;
  const resolve = (schema: Schema): Schema =>
    schema.$ref === undefined ? schema : schemas[schema.$ref.replace('#/components/schemas/', '')]!;

  /** The page builds the example of a schema from those of its fields. */
  const hasExample = (schema: Schema | undefined, seen: readonly Schema[] = []): boolean => {
    if (schema === undefined) return false;
    const { example, properties, items, allOf } = resolve(schema);
    if (schema.example !== undefined || example !== undefined) return true;
    if (seen.includes(schema)) return true;
    const isGood = (part: Schema) => hasExample(part, [...seen, schema]);
    if (allOf !== undefined) return allOf.every(isGood);
    if (properties !== undefined) return Object.values(properties).every(isGood);
    return items !== undefined && isGood(items);
  };
  const checkExample = (where: string, media: Media) => {
    if (media.schema?.format === 'binary' || media.example !== undefined) return;
    if (Object.values(media.examples ?? {}).some(({ value }) => value !== undefined)) return;
    if (!hasExample(media.schema)) gaps.push(`${where}: no example`);
  };
  const checkPart = (where: string, part: Part) => {
    if (!hasText(part.description)) gaps.push(`${where}: no description`);
    for (const [type, media] of Object.entries(part.content ?? {})) checkExample(`${where} as ${type}`, media);
  };

  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const route = `${method.toUpperCase()} ${path}`;
      const { summary, description, tags = [], parameters = [], requestBody, responses, security } = operation;
      if (!hasText(summary)) gaps.push(`${route}: no summary`);
      if (!hasText(description)) gaps.push(`${route}: no description`);
      if (!tags.every((tag) => document.tags.some(({ name }) => name === tag)) || tags.length !== 1) {
        gaps.push(`${route}: not in exactly one known group`);
      }
      for (const parameter of parameters) {
        checkPart(`${route} ${parameter.name}`, parameter);
        checkExample(`${route} ${parameter.name}`, parameter);
      }
      if (['post', 'put', 'patch'].includes(method) && requestBody === undefined) gaps.push(`${route}: no body`);
      if (requestBody !== undefined) checkPart(`${route} body`, requestBody);
      const isOpen = security?.length === 0;
      const expected = [
        ...(isOpen ? [] : ['401', '429', '503']),
        ...(parameters.length > 0 && !path.includes('{') ? ['400'] : []),
        ...(requestBody === undefined ? [] : ['400', '413', '415']),
        // What is answered with 202 is not looked for before.
        ...(path.includes('{') && !('202' in operation.responses) ? ['404'] : []),
      ];
      for (const status of expected) if (responses[status] === undefined) gaps.push(`${route}: no ${status}`);
      for (const [status, response] of Object.entries(responses)) {
        checkPart(`${route} ${status}`, response);
        if (status >= '400' && response.content === undefined) gaps.push(`${route} ${status}: no body`);
        for (const [name, header] of Object.entries(response.headers ?? {})) {
          checkPart(`${route} ${status} ${name}`, header);
        }
        const isRetried = !isOpen && ['429', '503'].includes(status);
        if (isRetried && response.headers?.['Retry-After'] === undefined)
          gaps.push(`${route} ${status}: no Retry-After`);
      }
    }
  }
  for (const [name, { properties = {} }] of Object.entries(schemas)) {
    for (const [field, schema] of Object.entries(properties)) {
      if (!hasExample(schema)) gaps.push(`${name}.${field}: no example`);
    }
  }
  return gaps;
}

describe('the OpenAPI document', () => {
  let server: RunningServer;
  let document: Document;

  beforeAll(async () => {
    server = await startE2eServer({ env: { TRUST_PROXY: 'yes' } });
    document = (await new Api(server.url).get('/docs/openapi.json')).json() as unknown as Document;
  });
  afterAll(async () => {
    await server.stop();
  });

  /** A copy with one thing taken away. */
  const without = (take: (copy: Document) => void): Document => {
    const copy = structuredClone(document);
    take(copy);
    return copy;
  };
  const list = (copy: Document): Operation => copy.paths['/api/public/traces']!['get']!;

  it('describes every route, parameter, body, answer and error, each with an example', () => {
    expect(Object.keys(document.paths).length).toBeGreaterThan(10);
    expect(gapsOf(document)).toEqual([]);
  });

  it.each<[string, (copy: Document) => void, string]>([
    ['a summary', (copy) => Reflect.deleteProperty(list(copy), 'summary'), 'no summary'],
    [
      'the description of a parameter',
      (copy) => Reflect.deleteProperty(list(copy).parameters![0]!, 'description'),
      'no description',
    ],
    [
      'the examples of a parameter',
      (copy) => Reflect.deleteProperty(list(copy).parameters![0]!, 'examples'),
      'no example',
    ],
    ['an error', (copy) => Reflect.deleteProperty(list(copy).responses, '401'), 'no 401'],
    ['the body of an error', (copy) => Reflect.deleteProperty(list(copy).responses['401']!, 'content'), 'no body'],
    [
      'the example of a field',
      (copy) =>
        Reflect.deleteProperty(copy.components.schemas['TraceListItemDto']!.properties!['htmlPath']!, 'example'),
      'TraceListItemDto.htmlPath: no example',
    ],
  ])('is found wanting without %s', (_, take, gap) => {
    expect(gapsOf(without(take)).join('\n')).toContain(gap);
  });

  it('shows to every route exactly what a stranger gets from it', async () => {
    let asked = 0;
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { responses, security }] of Object.entries(methods)) {
        if (security?.length === 0) continue;
        const url = server.url + path.replace(/\{\w+\}/g, 'x');
        // From an address of its own: from one, only so many may fail to authenticate at once.
        asked += 1;
        const headers = { 'x-forwarded-for': `10.1.${asked >> 8}.${asked & 255}` };
        const answer = await fetch(url, { method: method.toUpperCase(), headers });
        const shown = responses['401']!.content!['application/json']!.example;
        expect([method, path, await answer.json()]).toEqual([method, path, shown]);
      }
    }
    expect(asked).toBeGreaterThan(50);
  });

  it('holds none of the marks that build it', () => {
    expect(JSON.stringify(document)).not.toContain('"x-');
  });
});
