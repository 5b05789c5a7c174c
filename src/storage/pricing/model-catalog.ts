import { Injectable } from '@nestjs/common';
import { NotFound } from '../../domain/errors.js';
import { type Page, type PageRequest } from '../../domain/page.js';
import { type OwnPrice } from '../../domain/price.js';
import { type Project } from '../../domain/project.js';
import { type ListedModel, listLibraryModels } from './library-models.js';
import { PriceStore } from './price-store.js';

/** A model whose calls have a price: by a price of the project, or by the price list that comes with the server. */
export type PricedModel =
  { readonly kind: 'own'; readonly price: OwnPrice } | { readonly kind: 'library'; readonly model: ListedModel };

/** Prices by time of day change by the minute at most, so that a list of models may be a minute old. */
const MAX_AGE_MS = 60_000;

/** All models that have a price. */
@Injectable()
export class ModelCatalog {
  private library: ReadonlyMap<string, ListedModel> = new Map();
  private madeMs = -Infinity;

  constructor(private readonly prices: PriceStore) {}

  /** Those of the project, newest first, then those of the price list. */
  async find(project: Project, { page, limit }: PageRequest): Promise<Page<PricedModel>> {
    const own = await this.prices.list(project);
    const all: PricedModel[] = [
      ...own.map((price) => ({ kind: 'own' as const, price })),
      ...[...this.current().values()].map((model) => ({ kind: 'library' as const, model })),
    ];
    const items = all.slice((page - 1) * limit, page * limit);
    return { items, totalItems: all.length, isTotalCapped: false, hasMore: page * limit < all.length };
  }

  /** @throws NotFound unless the project has it, or the price list. */
  async get(project: Project, id: string): Promise<PricedModel> {
    const model = this.current().get(id);
    if (model !== undefined) return { kind: 'library', model };
    const price = await this.prices.find(project, id);
    if (price === undefined) throw new NotFound(`Model ${id} not found within authorized project`);
    return { kind: 'own', price };
  }

  /** Whether the price list that comes with the server has it. */
  isManaged(id: string): boolean {
    return this.current().has(id);
  }

  private current(): ReadonlyMap<string, ListedModel> {
    const now = Date.now();
    if (now - this.madeMs >= MAX_AGE_MS || now < this.madeMs) {
      this.library = listLibraryModels(now);
      this.madeMs = now;
    }
    return this.library;
  }
}
