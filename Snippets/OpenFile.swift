// Opens a file and lists what is in it, without reading a weight.

// snippet.hide
import MoEFormat

let path = CommandLine.arguments.dropFirst().first ?? "fixtures/written/mixtral.moe"
// snippet.show
let file = try ModelFile(opening: path)
print("\(file.tensorCount) tensors, \(file.byteCount) bytes, family \(file.model.family)")
for bank in file.banks {
    let router = file.router(of: bank)
    print(
        "\(bank.path): \(bank.expertCount) experts, top \(router.topK), hidden size \(file.layer(of: bank).hiddenSize)")
}
