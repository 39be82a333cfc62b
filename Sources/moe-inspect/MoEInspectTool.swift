@main
struct MoEInspectTool {
    static func main() {}
}
