import MoEFormat

/// Whatever the text, it is JSON whose value comes back from what the writer makes of it, or an error; the model's
/// description is read from it or refused.
package enum JSONProperty {
    @discardableResult
    package static func check(_ text: [UInt8]) -> Bool {
        _ = try? JSONParser.parse(text, acceptingNonFinite: true)
        checkModel(text)
        guard let value = try? JSONParser.parse(text) else { return false }
        let written = Array(value.text.utf8)
        guard let again = try? JSONParser.parse(written) else {
            expect(false, "what the writer writes can be read")
            return true
        }
        expect(again == value, "a value comes back from its text")
        return true
    }

    private static func checkModel(_ text: [UInt8]) {
        let objects = (try? JSONParser.parse(text))?["layers"]?.array ?? []
        guard objects.count < 1000 else { return }
        let layers = objects.reduce(0) { $0 + min(1000, max(0, $1["banks"]?.integer ?? 1)) }
        guard layers < 1000 else { return }
        for experts in [4, 8] {
            let counts = [Int](repeating: experts, count: layers)
            guard let model = try? ModelDescription(parsing: text, expertCounts: counts) else { continue }
            for written in [model.json, model.storedJSON] {
                guard let again = try? ModelDescription(parsing: Array(written.text.utf8), expertCounts: counts) else {
                    expect(false, "the description that was read can be written")
                    continue
                }
                expect(again == model, "a description comes back from its text")
            }
        }
    }
}
