/**
 * `2030-01-02T03:04:05.678Z`, what logs begin with. Making it of a Date costs more than the rest of a line, and most
 * lines of a busy sidecar share their second.
 */
export class Timestamps {
  #second = Number.NaN;
  #text = '';

  of(wallMs: number): string {
    const second = Math.floor(wallMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(second * 1000).toISOString().slice(0, 20);
    }
    const ms = Math.floor(wallMs - second * 1000);
    return `${this.#text}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`;
  }
}
