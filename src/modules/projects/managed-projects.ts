import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { NotFound } from '../../domain/errors.js';
import { type Project } from '../../domain/project.js';
import { principalOf } from '../../http/auth/principal.js';
import { ProjectStore } from '../../storage/projects/project-store.js';

/** Which projects a caller may change: operators all, others their own. */
@Injectable()
export class ManagedProjects {
  constructor(private readonly projects: ProjectStore) {}

  /** @throws NotFound, whether there is no such project or it is somebody else's. */
  async find(request: FastifyRequest, id: string): Promise<Project> {
    const principal = principalOf(request);
    if (principal?.project.id === id) return principal.project;
    if (principal?.scopes.includes('operator') === true) return await this.projects.find(id);
    throw new NotFound(`Project ${id} not found within authorized organization`);
  }
}
