if (pm.variables.get("answered")) {
    pm.test("a misspelt feature is refused by row and name", () => {
        pm.response.to.have.status(422);
        const faults = pm.response.json().errors.map(({ row, code }) => `${row} ${code}`);
        pm.expect(faults).to.include("0 unknown_field");
    });
}
