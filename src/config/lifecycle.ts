import { Injectable } from '@nestjs/common';

/** Whether this process still wants traffic. Readiness answers 503 from the moment that draining begins. */
@Injectable()
export class Lifecycle {
  private isDraining = false;

  get draining(): boolean {
    return this.isDraining;
  }

  /** There is no way back: a draining process ends. */
  beginDraining(): void {
    this.isDraining = true;
  }
}
