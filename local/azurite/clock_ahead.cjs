// Azurite's clock ahead of the machine's, so that what a message waits for can pass while everything is down.
const ahead = Number(process.env.CLOCK_AHEAD_SECONDS || 0) * 1000;
const Real = Date;
globalThis.Date = class Date extends Real {
  constructor(...given) {
    super(...(given.length ? given : [Real.now() + ahead]));
  }
  static now() {
    return Real.now() + ahead;
  }
};
