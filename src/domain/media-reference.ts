import { type JsonText, type JsonValue } from './json.js';

/** A tag in a text that stands for a file, and where it was found. */
export interface FoundReference {
  /** The whole tag, as it stands in the text. */
  readonly referenceString: string;
  readonly mediaId: string;
  /** Of the text that holds it: `$['image'][0]` (RFC 9535, normalized path). */
  readonly jsonPath: string;
}

/** Every tag begins so: what does not hold it is not looked through. */
const BEGIN = '@@@langfuseMedia:';
const TAG = /@@@langfuseMedia:type=[^|@]{1,200}\|id=([\w-]{1,100})\|source=\w{1,50}@@@/g;

/** Nobody looks at more of one document. */
const MAX_REFERENCES = 500;

/** The tag that stands for a file (langfuse.md §2.9). `source` says what it was before. */
export function referenceTag(contentType: string, mediaId: string, source: 'base64_data_uri'): string {
  return `${BEGIN}type=${contentType}|id=${mediaId}|source=${source}@@@`;
}

/** The tags in the texts of a JSON document in their order, each once a text; at most 500. */
export function findReferences(json: JsonText): FoundReference[] {
  if (!json.includes(BEGIN)) return [];
  const found: FoundReference[] = [];
  collect(JSON.parse(json) as JsonValue, '$', found);
  return found.slice(0, MAX_REFERENCES);
}

function collect(value: JsonValue, jsonPath: string, found: FoundReference[]): void {
  if (found.length >= MAX_REFERENCES) return;
  if (typeof value === 'string') {
    const tags = new Map([...value.matchAll(TAG)].map(([tag, mediaId]) => [tag, mediaId!]));
    for (const [referenceString, mediaId] of tags) found.push({ referenceString, mediaId, jsonPath });
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => collect(item, `${jsonPath}[${i}]`, found));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) collect(item, `${jsonPath}['${escapeName(key)}']`, found);
  }
}

function escapeName(name: string): string {
  return name.replace(/[\\']/g, (sign) => `\\${sign}`);
}
