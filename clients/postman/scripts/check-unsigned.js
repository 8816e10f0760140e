if (pm.variables.get("answered")) {
    pm.test("without a signature nobody gets in", () => pm.response.to.have.status(403));
}
