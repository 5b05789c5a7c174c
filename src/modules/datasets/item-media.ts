import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CONFIG, type Config } from '../../config/config.js';
import { type DatasetItem } from '../../domain/dataset.js';
import { type JsonText } from '../../domain/json.js';
import { type Project } from '../../domain/project.js';
import { serverAddress } from '../../http/server-address.js';
import { MediaReader } from '../../storage/media/media-reader.js';
import { MediaUrls } from '../../storage/media/media-urls.js';
import { type MediaReferences } from './datasets.present.js';

/** The files that items refer to, with links to their bytes. */
@Injectable()
export class ItemMedia {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly reader: MediaReader,
    private readonly urls: MediaUrls,
  ) {}

  /** By the ids of `items`; of an item without references there is none. Links are for whoever sent `request`. */
  async referencesOf(
    project: Project,
    items: readonly DatasetItem[],
    request: FastifyRequest,
  ): Promise<MediaReferences> {
    const found = await this.reader.references(
      project,
      items.map(({ input, expectedOutput, metadata }) => ({ input, expectedOutput, metadata })),
    );
    const shown = new Map<string, JsonText>();
    if (found.every(({ length }) => length === 0)) return shown;
    const base = serverAddress(request, this.config);
    const nowMs = Date.now();
    for (const [i, references] of found.entries()) {
      const list = await Promise.all(
        references.map(async ({ field, referenceString, jsonPath, media }) => {
          const { url, expiresAtMs } = await this.urls.signDownload(base, project, media.id, nowMs);
          const { id: mediaId, contentType, contentLength } = media;
          const urlExpiry = new Date(expiresAtMs).toISOString();
          return { field, referenceString, jsonPath, media: { mediaId, contentType, contentLength, url, urlExpiry } };
        }),
      );
      if (list.length > 0) shown.set(items[i]!.id, JSON.stringify(list));
    }
    return shown;
  }
}
