if (!pm.variables.get("retrying")) {
    pm.test("without a signature nobody gets in", () => pm.response.to.have.status(403));
}
