import { Injectable } from '@nestjs/common';
import { RequestEvents } from '../../http/request-events.js';
import { type Delivery, deliveryOf, isDelivery } from './delivery.js';

/** As many as a page of the dashboard shows. */
export const KEPT_DELIVERIES = 200;
/** More projects at once forget the one that was quiet the longest. With all rings full this is some 30 MB. */
const MAX_PROJECTS = 100;

/** A delivery and how often the same came again; those of known senders are kept one by one. */
export interface ListedDelivery extends Delivery {
  readonly count: number;
}

interface ProjectDeliveries {
  readonly all: Delivery[];
  /** Those that were not taken whole, apart, so that many good ones do not push them out. */
  readonly problems: Delivery[];
}

/** The last deliveries of each project, in the memory of this process, and of senders without valid credentials. */
@Injectable()
export class DeliveryLog {
  /** The project that was quiet the longest comes first. */
  private readonly byProject = new Map<number, ProjectDeliveries>();
  /** By sender and complaint: an SDK with a wrong key tries for ever. The one that was quiet the longest comes first. */
  private readonly strangers = new Map<string, ListedDelivery>();

  constructor(events: RequestEvents) {
    events.onEnded((ended) => {
      if (!isDelivery(ended)) return;
      const projectNo = ended.principal?.project.no;
      if (projectNo !== undefined) this.add(projectNo, deliveryOf(ended));
      // Strangers at addresses that do not exist are scanners, and there are many.
      else if (ended.door !== undefined) this.addStranger(deliveryOf(ended));
    });
  }

  /** Deliveries of a project, newest first. */
  list(projectNo: number, options: { readonly limit: number; readonly onlyProblems: boolean }): ListedDelivery[] {
    const kept = this.byProject.get(projectNo);
    const chosen = (options.onlyProblems ? kept?.problems : kept?.all) ?? [];
    return chosen
      .slice(-options.limit)
      .reverse()
      .map((delivery) => ({ ...delivery, count: 1 }));
  }

  /** The last delivery of each sender without valid credentials, newest first. They belong to no project. */
  listStrangers(limit: number): ListedDelivery[] {
    return [...this.strangers.values()].slice(-limit).reverse();
  }

  private add(projectNo: number, delivery: Delivery): void {
    const kept = this.byProject.get(projectNo) ?? { all: [], problems: [] };
    this.byProject.delete(projectNo);
    this.byProject.set(projectNo, kept);
    dropFirst(this.byProject, MAX_PROJECTS);
    push(kept.all, delivery);
    if (delivery.result !== 'accepted') push(kept.problems, delivery);
  }

  private addStranger(delivery: Delivery): void {
    const { remoteAddress, userAgent, path, status, message } = delivery;
    const key = JSON.stringify([remoteAddress, userAgent, path, status, message]);
    const count = (this.strangers.get(key)?.count ?? 0) + 1;
    this.strangers.delete(key);
    this.strangers.set(key, { ...delivery, count });
    dropFirst(this.strangers, KEPT_DELIVERIES);
  }
}

function push(deliveries: Delivery[], delivery: Delivery): void {
  deliveries.push(delivery);
  if (deliveries.length > KEPT_DELIVERIES) deliveries.shift();
}

function dropFirst(map: Map<unknown, unknown>, max: number): void {
  if (map.size <= max) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
