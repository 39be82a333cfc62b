import CommandSupport
import InspectCommands

@main
struct MoEInspectTool {
    static func main() { CommandRunner.main(InspectTool.self) }
}
