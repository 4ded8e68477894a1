// Standard input is a pipe from the process that started Azurite. It closes however that process ends.
// Unreferenced, it does not keep Azurite alive when it is asked to end.
process.stdin.on("end", () => process.exit()).resume().unref();
