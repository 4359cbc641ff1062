// Only the latest picture matters: while one is on its way, later ones replace each other, and the last is sent next.

export class Latest {
  constructor(work) {
    this.work = work;
    this.next = null;
    this.busy = false;
  }

  ask(value) {
    this.next = { value };
    if (!this.busy) this.run();
  }

  async run() {
    this.busy = true;
    while (this.next) {
      const { value } = this.next;
      this.next = null;
      await this.work(value);
    }
    this.busy = false;
  }
}
