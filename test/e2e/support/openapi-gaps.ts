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
/** Of an OpenAPI document, as far as tests look at it. */
export interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly Part[];
  readonly requestBody?: Part;
  readonly responses: Record<string, Part>;
  readonly security?: readonly object[];
}
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string };
  readonly security: readonly object[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly components: { readonly schemas: Record<string, Schema>; readonly securitySchemes: Record<string, object> };
}

/** What the document lacks, each with where; none when everything is described and has an example. */
export function gapsOf(document: OpenApiDocument): string[] {
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
