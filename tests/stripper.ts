/**
 * A developer who forgets every WHERE: takes the tenant out of each condition of each statement on its way to Postgres. What is still hidden
 * then is hidden by row-level security alone. A condition is an equality with the tenant that the first statement set, or of two tenant_id columns.
 */
import type { Statement } from '#dev/neon-batch';

const SETS_TENANT = /^\s*select set_config\('app\.tenant_id', \$1/;
const EQUALS_PARAMETER = /(?:\b\w+\.)?\b\w+\s*=\s*\$(\d+)(?:::text)?/g;
const EQUALS_COLUMN = /(?:\b\w+\.)?\btenant_id\s*=\s*(?:\b\w+\.)?tenant_id\b/g;

export class Stripper {
  #on = false;
  #stripped = 0;

  /** Answers how many conditions were taken out since it was last turned. */
  turn(on: boolean): { stripped: number } {
    const stripped = this.#stripped;
    this.#on = on;
    this.#stripped = 0;
    return { stripped };
  }

  readonly rewrite = (statements: Statement[]): Statement[] => {
    const [first, ...rest] = statements;
    if (!this.#on || !first || !SETS_TENANT.test(first.query)) return statements;
    const tenant = first.params?.[0];
    return [first, ...rest.map((s) => this.#strip(s, tenant))];
  };

  #strip({ query, params = [] }: Statement, tenant: unknown): Statement {
    const counted = (text: string): string => { this.#stripped += 1; return text; };
    return {
      params, query: query
        // The parameter stays, so that the others keep their numbers and every one has a type.
        .replaceAll(EQUALS_PARAMETER, (condition, n: string) => (params[Number(n) - 1] === tenant ? counted(`$${n}::text is not null`) : condition))
        .replaceAll(EQUALS_COLUMN, () => counted('true')),
    };
  }
}
